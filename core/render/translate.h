// Foreign exceptions become tessera::Error where they enter.
#pragma once

#include <functional>
#include <string>

namespace tessera::core
{

// Runs `work`; what LibTorch or the allocator throw becomes Error (OutOfMemory, Device) whose sentence begins with
// `doing`, such as "Decoding the picture". An Error passes unchanged.
void translated(const std::string &doing, const std::function<void()> &work);

} // namespace tessera::core
