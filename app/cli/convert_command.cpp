#include <fstream>
#include <memory>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/interrupts.h"
#include "app/cli/outputs.h"
#include "core/render/modelreport.h"
#include "models/error.h"
#include "models/setname.h"

namespace tessera::cli
{

namespace
{

struct ConvertOptions {
    std::string model;
    std::string output;
    std::string dtype = "fp32";
};

// The model's file, with those that an index names.
std::vector<std::filesystem::path> filesOf(const std::string &model)
{
    const std::filesystem::path file = core::inspectModel(model).path;
    std::vector<std::filesystem::path> files{model, file};
    if (!models::namesSafetensorsSet(file))
        return files;
    std::ifstream stream(file);
    const nlohmann::json index = nlohmann::json::parse(stream, nullptr, false);
    if (index.is_object() && index.contains("weight_map"))
        for (const nlohmann::json &part : index.at("weight_map"))
            if (part.is_string())
                files.push_back(file.parent_path() / part.get<std::string>());
    return files;
}

void run(const ConvertOptions &options)
{
    const std::filesystem::path target = options.output;
    if (target.extension() != ".safetensors" && !models::namesSafetensorsSet(target))
        throw Error(ErrorCode::InvalidArgument, target.string() + " cannot be written: a model's name ends in "
                                                    + ".safetensors, or .safetensors.index.json for several files.");
    expectOtherThanInputs({target}, filesOf(options.model));
    checkTarget(target);
    core::convertModel(options.model, target, options.dtype, finishUndisturbed);
}

} // namespace

void addConvertCommand(CLI::App &app)
{
    const auto options = std::make_shared<ConvertOptions>();
    CLI::App *command = app.add_subcommand("convert", "A model to a .safetensors file of another number format");
    command->add_option("model", options->model, "A model's file or folder, or 'starter'")->required();
    command
        ->add_option("-o,--output", options->output,
                     "File to write, .safetensors; or .safetensors.index.json: several files of at most 15 MiB")
        ->required();
    command->add_option("--dtype", options->dtype, "fp32; fp16, half the size; int8, a quarter")
        ->check(CLI::IsMember({"fp32", "fp16", "int8"}))
        ->capture_default_str();
    command->callback([options] { run(*options); });
}

} // namespace tessera::cli
