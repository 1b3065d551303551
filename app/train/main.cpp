// tessera-train: training data, training, evaluation, benchmarks. Reads the command line; the commands do the
// work.
#include <charconv>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <limits>
#include <string>

#include <CLI/CLI.hpp>

#include "app/common/devicename.h"
#include "app/common/emptyvalues.h"
#include "app/common/exitcodes.h"
#include "app/common/numbers.h"
#include "app/common/parkthreads.h"
#include "app/common/printed.h"
#include "app/common/sentence.h"
#include "app/common/usage.h"
#include "app/train/benchmarks.h"
#include "app/train/evaluation.h"
#include "app/train/interrupt.h"
#include "app/train/landscapes.h"
#include "app/train/precisionprices.h"
#include "app/train/starter.h"
#include "app/train/training.h"
#include "app/train/windowprices.h"
#include "core/landscape/landscape.h"
#include "models/training/failure.h"

namespace tessera::train
{
namespace
{

using app::numberAboveZero;
using app::wholeNumber;

using Job = std::function<void(std::stop_token)>;

// What the command line says.
struct CommandLine {
    Job job; // of the chosen subcommand
    LandscapesOptions landscapes;
    TrainingOptions training;
    StarterOptions starter;
    EvaluationOptions evaluation;
    bool windows = false;         // evaluate window policies instead
    bool precisions = false;      // evaluate reduced precisions instead
    std::filesystem::path record; // of which the model with its prices
    BenchmarkOptions benchmarks;
};

// "256x128" -> 256, 128.
void readSize(const std::string &text, int &width, int &height)
{
    const char *end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, width);
    if (first.ec == std::errc() && first.ptr != end && *first.ptr == 'x') {
        const auto second = std::from_chars(first.ptr + 1, end, height);
        if (second.ec == std::errc() && second.ptr == end && width > 0 && height > 0) {
            return;
        }
    }
    throw CLI::ValidationError("--size", "'" + text + "' is no size; expected WIDTHxHEIGHT in pixels, such as 256x256");
}

void addProgressOption(CLI::App &command, ProgressStyle &style)
{
    command
        .add_option_function<std::string>(
            "--progress",
            [&style](const std::string &value) { style = value == "json" ? ProgressStyle::Json : ProgressStyle::Auto; },
            "auto: a bar on a terminal; json: one object a line on stderr")
        ->check(CLI::IsMember({"auto", "json"}));
}

void addPathOption(CLI::App &command, const std::string &name, std::filesystem::path &path, const std::string &help,
                   bool required = false)
{
    // Not by add_option itself, which would read a path as a stream does: up to the first blank.
    command
        .add_option_function<std::string>(
            name, [&path](const std::string &text) { path = text; }, help)
        ->required(required);
}

void addDeviceOption(CLI::App &command, const std::string &name, std::string &device, const std::string &help)
{
    command.add_option(name, device, help + "; " + device + " unless told")
        ->check(CLI::Validator(
            [](std::string &text) {
                return app::isDeviceName(text) ? std::string()
                                               : "'" + text + "' was found, expected auto, cpu, cuda or cuda:N";
            },
            {}));
}

void addDeviceOption(CLI::App &command, std::string &device)
{
    addDeviceOption(command, "--device", device, "auto, cpu, cuda or cuda:N");
}

void addLandscapes(CLI::App &app, CommandLine &line)
{
    LandscapesOptions &options = line.landscapes;
    CLI::App *command = app.add_subcommand("landscapes", "Make shards of procedural landscapes to train on");
    command->add_option("--count", options.count, "Pictures")->required()->transform(wholeNumber(1, app::kMostInt));
    command->add_option("--seed", options.seed, "Seed of the first picture; 0 unless told")
        ->transform(wholeNumber(0, std::numeric_limits<uint32_t>::max()));
    command->add_option_function<std::string>(
        "--size", [&options](const std::string &text) { readSize(text, options.width, options.height); },
        "WIDTHxHEIGHT in pixels; 256x256 unless told");
    addPathOption(*command, "-o,--output", options.output, "Folder", true);
    command->add_option("--threads", options.threads, "Threads; all unless told")
        ->transform(wholeNumber(1, app::kMostThreads));
    addDeviceOption(*command, options.device);
    command->add_flag("--png", options.png, "Write pictures to look at instead of shards");
    command
        ->add_option("--lightings", options.lightings,
                     "Pictures of each land, every one under another sun and weather; 1 unless told. --count stays "
                     "the number of pictures, so there are --count divided by this many lands")
        ->transform(wholeNumber(1, core::kMaxLightings));
    addProgressOption(*command, options.progress);
    command->callback([&line] {
        line.job = [&options = line.landscapes](std::stop_token stop) { makeLandscapes(options, std::move(stop)); };
    });
}

void addTraining(CLI::App &app, CommandLine &line, const std::string &name, const std::string &help, Trainer train)
{
    TrainingOptions &options = line.training;
    CLI::App *command = app.add_subcommand(name, help);
    addPathOption(*command, "--recipe", options.recipe, "What to train and how: .yaml or .json", true);
    addPathOption(*command, "--data", options.data,
                  "Folder with the shards in train/ and val/; build/data unless told");
    addPathOption(*command, "--output", options.output, "Folder; build/training/RECIPE unless told");
    command->add_flag("--resume", options.resume, "Go on from the output folder's checkpoint");
    CLI::Option *minutes =
        command->add_option("--minutes", options.minutes, "Length of the whole run instead of the recipe's")
            ->check(numberAboveZero());
    command->add_option("--steps", options.steps, "Likewise, in steps")
        ->transform(wholeNumber(1, app::kMostInt64))
        ->excludes(minutes);
    command->add_option("--threads", options.threads, "Threads; LibTorch's choice unless told")
        ->transform(wholeNumber(1, app::kMostThreads));
    addDeviceOption(*command, options.device);
    addProgressOption(*command, options.progress);
    command->callback([&line, train] {
        line.job = [&line, train](std::stop_token stop) { runTraining(line.training, train, std::move(stop)); };
    });
}

void addStarter(CLI::App &app, CommandLine &line)
{
    StarterOptions &options = line.starter;
    CLI::App *command = app.add_subcommand("starter", "Make a whole model: data, all networks, figures");
    command->add_option("--minutes", options.minutes, "Length of the run; figures come on top")
        ->required()
        ->check(numberAboveZero());
    addPathOption(
        *command, "--plan", options.plan,
        "What to make, .yaml or .json; resources/recipes/starter.yaml unless told, on a GPU starter-gpu.yaml");
    addPathOption(*command, "--data", options.data, "Folder for shards in train/ and val/; build/data unless told");
    addPathOption(*command, "--output", options.output, "Folder; build/starter unless told");
    command->add_flag("--resume", options.resume, "Go on from what an earlier run left in the output folder");
    command->add_option("--threads", options.threads, "Threads; the machine's or LibTorch's choice unless told")
        ->transform(wholeNumber(1, app::kMostThreads));
    addDeviceOption(*command, options.device);
    addDeviceOption(*command, "--landscape-device", options.landscapeDevice, "The same for making landscapes");
    addProgressOption(*command, options.progress);
    command->callback(
        [&line] { line.job = [&line](std::stop_token stop) { trainStarter(line.starter, std::move(stop)); }; });
}

// The judge's rows of an evaluation.
void addJudging(CLI::App &command, JudgingOptions &options)
{
    addPathOption(command, "--judge", options.judge,
                  "EvalNet's file: adds what it says of pictures that the model paints (docs/evaluation.md)");
    addPathOption(command, "--maps", options.maps, "Folder of painted maps, such as tests/data/crude: adds their rows");
    addPathOption(command, "--others", options.others,
                  "Shards of further real pictures to hold distances against; those of the data that are not painted "
                  "from unless told");
    addPathOption(command, "--photographs", options.photographs,
                  "EfficientNet-Lite0's file (packaging/features.py): adds distances on its features");
    addPathOption(command, "--sheet", options.sheet,
                  "PNG to look at: painted maps in three lights, reconstructions, filled regions, a canvas");
    command
        .add_option("--pictures", options.pictures,
                    "Pictures to paint from exact maps, and from exact depth; 60 unless told")
        ->transform(wholeNumber(1, app::kMostInt));
    command.add_option("--map-count", options.mapsCount, "Painted maps to use; 64 unless told")
        ->transform(wholeNumber(1, app::kMostInt));
    command.add_option("--canvases", options.canvases, "Large canvases to look for seams on; 1 unless told")
        ->transform(wholeNumber(0, app::kMostInt));
    command.add_option("--seed", options.seed, "Of what is painted; 1 unless told")
        ->transform(wholeNumber(0, std::numeric_limits<uint64_t>::max()));
    for (const char *name :
         {"--maps", "--others", "--photographs", "--sheet", "--pictures", "--map-count", "--canvases", "--seed"})
        command.get_option(name)->needs(command.get_option("--judge"));
}

void addEvaluation(CLI::App &app, CommandLine &line)
{
    EvaluationOptions &options = line.evaluation;
    CLI::App *command = app.add_subcommand("evaluate", "Measure a model: reconstruction, use of codes, likelihood");
    addPathOption(*command, "--model", options.model, "A model file or folder, or 'starter', which is the default");
    addPathOption(*command, "--data", options.data, "Folder of shards; build/data/val unless told");
    command->add_option("--threads", options.threads, "Threads; LibTorch's choice unless told")
        ->transform(wholeNumber(1, app::kMostThreads));
    addDeviceOption(*command, options.device);
    command->add_flag("--json", options.json, "Figures as JSON on stdout");
    CLI::Option *windows = command->add_flag(
        "--windows", line.windows,
        "Measure instead how much less likely codes are when the attention window moves in steps, on pictures of two "
        "windows a side or more");
    addPathOption(*command, "--record", line.record, "With --windows: write the model with these prices to this file");
    command->get_option("--record")->needs(windows);
    CLI::Option *precisions = command->add_flag(
        "--precisions", line.precisions,
        "Measure instead how far bf16 and int8 on the processor are from fp32, in nats and likelihood of codes");
    addProgressOption(*command, options.judging.progress);
    addJudging(*command, options.judging);
    for (CLI::Option *measurement : {windows, precisions})
        measurement->excludes(command->get_option("--device"))->excludes(command->get_option("--judge"));
    precisions->excludes(windows);
    command->callback([&line] {
        line.job = [&line](std::stop_token stop) {
            const EvaluationOptions &asked = line.evaluation;
            if (line.windows)
                measureWindowPrices(
                    {asked.model, asked.data, line.record, asked.threads, asked.json, asked.judging.progress},
                    std::move(stop));
            else if (line.precisions)
                measurePrecisionPrices({asked.model, asked.data, asked.threads, asked.json, asked.judging.progress},
                                       std::move(stop));
            else
                evaluate(asked, std::move(stop));
        };
    });
}

void addBenchmarks(CLI::App &app, CommandLine &line)
{
    BenchmarkOptions &options = line.benchmarks;
    CLI::App *command = app.add_subcommand("bench", "Measure how fast this machine paints");
    command->add_option("--filter", options.filter, "Only those whose name matches this regular expression");
    command->add_option("--threads", options.threads, "Threads; LibTorch's choice unless told")
        ->transform(wholeNumber(1, app::kMostThreads));
    command->add_flag("--json", options.json, "Figures as JSON on stdout");
    command->callback(
        [&line] { line.job = [&line](std::stop_token stop) { runBenchmarks(line.benchmarks, std::move(stop)); }; });
}

int fail(const std::string &sentence)
{
    std::fprintf(stderr, "tessera-train: %s\n", app::withFullStop(sentence).c_str());
    return app::kExitFailed;
}

int runJob(const Job &job)
{
    Interrupt interrupt;
    try {
        job(interrupt.token());
    } catch (const std::exception &failure) {
        return fail(models::explained(failure).what());
    }
    return interrupt.happened() ? app::kExitInterrupted : app::kExitDone;
}

int run(int argc, char **argv)
{
    CLI::App app("Training data, training, evaluation and benchmarks of Tessera's models", "tessera-train");
    app.set_version_flag("--version", TESSERA_VERSION);
    app.require_subcommand(1);
    CommandLine line;
    addLandscapes(app, line);
    addTraining(app, line, "vqgan", "Train a first stage: pictures to codes and back", models::trainVqgan);
    addTraining(app, line, "condition", "Train a condition stage: painted maps to codes", models::trainCondition);
    addTraining(app, line, "transformer", "Train the transformer that draws codes", models::trainTransformer);
    addTraining(app, line, "evalnet", "Train the network that judges pictures", models::trainEvalNet);
    addStarter(app, line);
    addEvaluation(app, line);
    addBenchmarks(app, line);
    app::refuseEmptyValues(app);
    try {
        app::refuseEmptyAssignments(argc, argv);
        app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        if (error.get_exit_code() == 0) // --help and --version
            return app.exit(error);
        std::fprintf(stderr, "tessera-train: %s\n", tessera::app::usageFault(app, error).c_str());
        return app::kExitUsage;
    }
    return runJob(line.job);
}

} // namespace
} // namespace tessera::train

int main(int argc, char **argv)
{
    tessera::app::occupyStandardStreams();
    tessera::app::parkWaitingThreads(argv);
    std::signal(SIGPIPE, SIG_IGN); // whoever stops reading the progress does not end the work
    std::signal(SIGXFSZ, SIG_IGN); // a file that may not grow further is an error to tell and clean up after
    const int code = tessera::train::run(argc, argv);
    if (code != tessera::app::kExitDone || tessera::app::printedAll())
        return code;
    return tessera::train::fail("The result could not be written to the standard output.");
}
