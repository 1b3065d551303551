#include "models/checkpoint/foreignfile.h"

#include <algorithm>
#include <cctype>

namespace tessera::models
{

namespace
{

constexpr uint64_t kLookedAt = 1024;
constexpr size_t kTarMark = 257; // where a tar file says "ustar"

std::string beginningOf(const ByteSource &source)
{
    std::string text(size_t(std::min(source.size(), kLookedAt)), '\0');
    source.read(0, text.data(), text.size());
    return text;
}

// Lower case, without a byte order mark and leading white space.
std::string asMarkup(std::string text)
{
    if (text.starts_with("\xEF\xBB\xBF"))
        text.erase(0, 3);
    text.erase(0, text.find_first_not_of(" \t\r\n"));
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    return text;
}

bool isSafetensors(const std::string &text, uint64_t fileBytes)
{
    if (text.size() < 9 || text[8] != '{')
        return false;
    return littleEndian(reinterpret_cast<const uint8_t *>(text.data()), 8) <= fileBytes - 8;
}

} // namespace

std::string describeForeignFile(const ByteSource &source)
{
    const std::string text = beginningOf(source);
    const std::string markup = asMarkup(text);
    if (text.empty())
        return "it is empty";
    if (std::ranges::all_of(text, [](char c) { return c == '\0'; }))
        return "it begins with zeros alone; the download may not have written it yet";
    if (markup.starts_with("<!doctype") || markup.starts_with("<html") || markup.starts_with("<?xml")
        || markup.starts_with("<head") || markup.starts_with("<!--"))
        return "it is a web page that was saved under the model's name; open it in a browser to see what the server "
               "says, then download the model again";
    if (text.starts_with("version https://git-lfs"))
        return "it is a pointer to a file of Git LFS; fetch the file itself with git lfs pull";
    if (isSafetensors(text, source.size()))
        return "it is a safetensors file; name it .safetensors";
    if (text.size() > kTarMark + 5 && text.compare(kTarMark, 5, "ustar") == 0)
        return "it is a tar file, as torch wrote it before version 0.1.10; save it again with a newer torch";
    if (text.starts_with("\x1F\x8B"))
        return "it is compressed with gzip; unpack it first";
    if (markup.starts_with("{") || markup.starts_with("["))
        return "it is JSON text";
    if (uint8_t(text[0]) != 0x80)
        return "it begins with " + inQuotes(text.substr(0, 8)) + ", like neither a zip file nor a pickle";
    return "";
}

} // namespace tessera::models
