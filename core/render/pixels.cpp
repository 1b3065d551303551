#include "core/render/pixels.h"

#include <cstring>
#include <string>

#include <ATen/ATen.h>

#include "models/error.h"

namespace tessera::core
{

at::Tensor pictureTensor(const Image &picture, const PixelRect &rect)
{
    auto *bytes = const_cast<uint8_t *>(picture.rgb.data()); // read only: from_blob takes no const pointer
    const at::Tensor all = at::from_blob(bytes, {picture.height, picture.width, 3}, at::kByte);
    const at::Tensor part = all.narrow(0, rect.y, rect.height).narrow(1, rect.x, rect.width).to(at::kFloat); // a copy
    return part.div_(127.5).sub_(1).permute({2, 0, 1}).unsqueeze(0);
}

Image pictureImage(const at::Tensor &picture)
{
    const at::Tensor values = picture.squeeze(0).permute({1, 2, 0}).to(at::kCPU, at::kFloat); // [H, W, 3]
    if (values.size(2) != 3)
        throw Error(ErrorCode::ModelMismatch, "The decoder's pictures have a depth of " + std::to_string(values.size(2))
                                                  + "; expected 3: red, green and blue.");
    if (!at::isfinite(values).all().item<bool>())
        throw Error(ErrorCode::NonFinite, "The decoder produced values that are not numbers; the model's weights or "
                                          "its precision do not suit it.");
    const at::Tensor bytes = values.add(1).mul_(127.5).clamp_(0, 255).round_().to(at::kByte).contiguous();
    Image image{int(bytes.size(1)), int(bytes.size(0)), {}};
    image.rgb.resize(size_t(bytes.numel()));
    std::memcpy(image.rgb.data(), bytes.data_ptr<uint8_t>(), image.rgb.size());
    return image;
}

} // namespace tessera::core
