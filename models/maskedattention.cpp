#include "models/maskedattention.h"

#include <cmath>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

namespace tessera::models
{

namespace
{

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

double scaleOf(const at::Tensor &q)
{
    return 1 / std::sqrt(double(q.size(3)));
}

// The layout that q, k and v have as views of [B, T, heads * D]: their gradients are views of such a tensor as well.
at::Tensor emptyByToken(const at::Tensor &like)
{
    return at::empty_like(like.transpose(1, 2), at::MemoryFormat::Contiguous).transpose(1, 2);
}

struct Attention : torch::autograd::Function<Attention> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &q, const at::Tensor &k, const at::Tensor &v,
                              const at::Tensor &mask)
    {
        context->save_for_backward({q, k, v, mask});
        return at::scaled_dot_product_attention(q, k, v, mask);
    }

    static variable_list backward(AutogradContext *context, const variable_list &upstream)
    {
        const variable_list saved = context->get_saved_variables();
        const at::Tensor &q = saved[0], &k = saved[1], &v = saved[2];
        const at::Tensor mask = saved[3].expand({q.size(1), q.size(2), k.size(2)});
        const double scale = scaleOf(q);
        at::Tensor ofQ = emptyByToken(q), ofK = emptyByToken(k), ofV = emptyByToken(v);
        at::parallel_for(0, q.size(0), 1, [&](int64_t begin, int64_t end) {
            const c10::NoGradGuard noGradients;     // a setting of each thread
            for (int64_t i = begin; i < end; ++i) { // the weights of one sequence stay in a core's cache
                const at::Tensor up = upstream[0][i];
                const at::Tensor weights = at::softmax(at::baddbmm(mask, q[i], k[i].transpose(1, 2), 1, scale), 2);
                ofV[i].copy_(at::bmm(weights.transpose(1, 2), up));
                const at::Tensor ofWeights = at::bmm(up, v[i].transpose(1, 2));
                const at::Tensor ofScores =
                    at::_softmax_backward_data(ofWeights, weights, 2, weights.scalar_type()).mul_(scale);
                ofQ[i].copy_(at::bmm(ofScores, k[i]));
                ofK[i].copy_(at::bmm(ofScores.transpose(1, 2), q[i]));
            }
        });
        return {ofQ, ofK, ofV, at::Tensor()};
    }
};

bool hasSlowGradient(const at::Tensor &q)
{
    return q.is_cpu() && q.scalar_type() == at::kBFloat16 && q.requires_grad();
}

} // namespace

at::Tensor maskedAttention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const at::Tensor &mask)
{
    return hasSlowGradient(q) ? Attention::apply(q, k, v, mask) : at::scaled_dot_product_attention(q, k, v, mask);
}

} // namespace tessera::models
