#include "core/render/modelreport.h"

#include <ATen/ATen.h>

#include "core/render/modelinfo.h"
#include "core/render/translate.h"
#include "models/bundle.h"
#include "models/compression.h"
#include "models/error.h"
#include "models/modelfile.h"

namespace tessera::core
{

namespace
{

uint64_t nonFiniteValues(const at::Tensor &tensor)
{
    if (!tensor.is_floating_point())
        return 0;
    return uint64_t(at::isfinite(tensor).logical_not().sum().item<int64_t>());
}

std::vector<TensorReport> tensorReports(const models::ModelFile &file, const models::StateDict &tensors)
{
    std::vector<TensorReport> reports;
    for (const auto &[name, entry] : file.entries) {
        const auto read = tensors.find(name); // what no network takes is listed, not read
        reports.push_back(
            {name, entry.dtype, entry.shape, entry.bytes, read == tensors.end() ? 0 : nonFiniteValues(read->second)});
    }
    return reports;
}

// The names of tensors that are larger than the format they were to get.
std::string keptAsFloat(const models::StateDict &weights, models::WeightFormat format)
{
    std::string names;
    for (const auto &[name, tensor] : weights)
        if (format != models::WeightFormat::Float32 && tensor.scalar_type() == at::kFloat && !name.ends_with(".scale"))
            names += (names.empty() ? "" : ", ") + name;
    return names;
}

models::WeightFormat weightFormat(const std::string &dtype)
{
    if (dtype == "fp32")
        return models::WeightFormat::Float32;
    if (dtype == "fp16")
        return models::WeightFormat::Float16;
    if (dtype == "int8")
        return models::WeightFormat::Int8;
    throw Error(ErrorCode::InvalidArgument,
                "The number format '" + dtype + "' is not known; expected fp32, fp16 or int8.");
}

} // namespace

ModelReport reportOnModel(const std::filesystem::path &model, WeightReading reading)
{
    ModelReport report;
    translated("Reading " + model.string(), [&] {
        const models::ModelSummary summary = models::ModelBundle::inspect(model);
        report.info = describedModel(summary);
        report.format = summary.format;
        report.dtype = summary.dtype;
        report.fileBytes = summary.fileBytes;
        report.notes = summary.notes;
        report.weightsRead = reading == WeightReading::Always || summary.memoryBytes <= kSmallWeightBytes;
        const models::ModelFile file = models::ModelFile::open(model);
        report.foreignObjects = file.foreignObjects;
        const models::StateDict tensors = report.weightsRead ? file.readTensors() : models::StateDict();
        if (report.weightsRead)
            report.info.identity = models::identityOf(file.config, tensors);
        report.tensors = tensorReports(file, tensors);
    });
    return report;
}

void convertModel(const std::filesystem::path &model, const std::filesystem::path &target, const std::string &dtype,
                  const std::function<void()> &writing)
{
    const models::WeightFormat format = weightFormat(dtype);
    translated("Converting " + model.string(), [&] {
        const models::ModelFile file = models::ModelFile::open(model);
        const models::StateDict weights = models::compressed(models::decompressed(file.readTensors()), format);
        std::map<std::string, std::string> notes = file.notes;
        if (const std::string kept = keptAsFloat(weights, format); !kept.empty())
            notes["kept_as_float32"] = kept;
        if (writing)
            writing();
        models::ModelBundle::write(target, file.config, weights, notes);
    });
}

} // namespace tessera::core
