#include "models/training/sheet.h"

#include <ATen/ATen.h>

#include "models/training/png.h"

namespace tessera::models
{

void writeSheet(const std::filesystem::path &path, const std::vector<at::Tensor> &pictures, int columns)
{
    if (pictures.empty())
        return;
    std::vector<at::Tensor> rows;
    for (size_t first = 0; first < pictures.size(); first += size_t(columns)) {
        std::vector<at::Tensor> row(pictures.begin() + std::ptrdiff_t(first),
                                    pictures.begin()
                                        + std::ptrdiff_t(std::min(pictures.size(), first + size_t(columns))));
        while (row.size() < size_t(columns))
            row.push_back(at::full_like(pictures[0], -1));
        rows.push_back(at::cat(row, 2));
    }
    const at::Tensor sheet = at::cat(rows, 1).detach().add(1).mul(127.5).clamp(0, 255).round().to(at::kByte);
    const at::Tensor bytes = sheet.permute({1, 2, 0}).contiguous(); // [H, W, 3]
    writePng(path, int(bytes.size(1)), int(bytes.size(0)), bytes.data_ptr<uint8_t>());
}

at::Tensor labelColours(const at::Tensor &labels)
{
    const at::Tensor angles = at::arange(256, at::kFloat).mul(2.399963f); // golden angle: neighbours differ
    const at::Tensor palette = at::stack({angles.cos(), (angles * 1.7f + 1).cos(), (angles * 0.6f + 2).cos()});
    return palette.index_select(1, labels.reshape({-1})).reshape({3, labels.size(0), labels.size(1)});
}

} // namespace tessera::models
