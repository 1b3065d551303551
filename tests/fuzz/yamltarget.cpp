// Configurations in YAML: refused with one line about the text, or a model's configuration that survives its own JSON.
#include <cstring>

#include "models/config.h"
#include "models/error.h"
#include "models/yaml.h"
#include "tests/fuzz/targets.h"

namespace
{

using namespace tessera;
using namespace tessera::models;

void readConfiguration(const std::string &text)
{
    const nlohmann::json document = parseYamlText(text, "input.yaml");
    ignoredKeys(document);
    const ModelConfig config = ModelConfig::fromJson(document);
    fuzz::require(ModelConfig::fromJson(config.toJson()) == config);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try {
        readConfiguration(fuzz::textOf(data, size));
    } catch (const Error &error) {
        fuzz::require(error.code() == ErrorCode::FileFormat || error.code() == ErrorCode::ModelMismatch);
        fuzz::require(std::strchr(error.what(), '\n') == nullptr);
    }
    return 0;
}
