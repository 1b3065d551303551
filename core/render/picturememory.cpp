#include "core/render/picturememory.h"

#include <algorithm>
#include <iterator>

namespace tessera::core
{

KnownCodes &PictureMemory::of(GridSize canvas, uint64_t seed, uint32_t variation)
{
    const auto found = std::ranges::find_if(m_pictures, [&](const Picture &picture) {
        return picture.codes.size == canvas && picture.seed == seed && picture.variation == variation;
    });
    if (found != m_pictures.end()) {
        m_pictures.splice(m_pictures.begin(), m_pictures, found);
        return m_pictures.front().codes;
    }
    m_pictures.push_front({seed, variation, KnownCodes(canvas)});
    if (m_pictures.size() > kMost)
        m_pictures.pop_back();
    return m_pictures.front().codes;
}

void PictureMemory::keepLatest()
{
    if (!m_pictures.empty())
        m_pictures.erase(std::next(m_pictures.begin()), m_pictures.end());
}

void PictureMemory::distrust()
{
    for (Picture &picture : m_pictures)
        for (KnownCode &known : picture.codes.values)
            known.from = {};
}

} // namespace tessera::core
