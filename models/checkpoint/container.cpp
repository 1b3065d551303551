#include "models/checkpoint/container.h"

#include "models/checkpoint/foreignfile.h"
#include "models/checkpoint/zipdirectory.h"

namespace tessera::models
{

std::unique_ptr<Container> openContainer(const ByteSource &source)
{
    if (ZipDirectory::isZip(source))
        return openZipContainer(source);
    const std::string foreign = describeForeignFile(source);
    if (!foreign.empty())
        damaged(source, foreign);
    return openLegacyContainer(source);
}

} // namespace tessera::models
