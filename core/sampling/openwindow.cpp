#include "core/sampling/openwindow.h"

#include <algorithm>

namespace tessera::core
{

const float *OpenWindow::rowAhead(int position, size_t codes) const
{
    const size_t place = size_t(position - firstAhead) * codes;
    return position >= firstAhead && place < ahead.size() ? ahead.data() + place : nullptr;
}

void OpenWindow::keep(int count)
{
    ahead.clear();
    fed.resize(size_t(count));
    for (const Stream stream : {Conditional, Unconditional}) {
        if (caches[stream]) {
            caches[stream]->truncate(int64_t(prefixes[stream].size()) + count);
        }
    }
}

void OpenWindow::lacking(Stream stream, int64_t first, std::vector<int64_t> &tokens) const
{
    const std::vector<int64_t> &prefix = prefixes[stream];
    const int64_t known = caches[stream]->length(), prefixLength = int64_t(prefix.size());
    if (known < prefixLength) {
        tokens.assign(prefix.begin() + known, prefix.end());
    }
    for (size_t i = size_t(std::max<int64_t>(0, known - prefixLength)); i < fed.size(); ++i) {
        tokens.push_back(first + fed[i]);
    }
}

} // namespace tessera::core
