#include "core/document/quietlibtiff.h"

#include <cstdarg>
#include <dlfcn.h>
#include <initializer_list>

namespace tessera::core
{

void quietLibtiff()
{
    using Handler = void (*)(const char *, const char *, va_list);
    for (const char *name : {"libtiff.so.6", "libtiff.so.5"}) {
        void *library = ::dlopen(name, RTLD_LAZY | RTLD_NOLOAD);
        if (!library) {
            continue;
        }
        for (const char *setter : {"TIFFSetErrorHandler", "TIFFSetWarningHandler"}) {
            if (const auto set = reinterpret_cast<Handler (*)(Handler)>(::dlsym(library, setter))) {
                set(nullptr);
            }
        }
        ::dlclose(library); // the plug-in holds it
    }
}

} // namespace tessera::core
