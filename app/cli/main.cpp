// tessera-cli: the painter's work without a window.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <QCoreApplication>
#include <QLoggingCategory>

#include "app/cli/commands.h"
#include "app/cli/help.h"
#include "app/cli/interrupts.h"
#include "app/cli/options.h"
#include "app/common/decimalpoints.h"
#include "app/common/emptyvalues.h"
#include "app/common/exitcodes.h"
#include "app/common/parkthreads.h"
#include "app/common/printed.h"
#include "app/common/sentence.h"
#include "app/common/usage.h"
#include "models/error.h"

namespace
{

void say(const std::string &sentence)
{
    std::fprintf(stderr, "tessera-cli: %s\n", tessera::app::withFullStop(sentence).c_str());
}

void addCommands(CLI::App &app)
{
    app.set_version_flag("--version", "tessera-cli " TESSERA_VERSION);
    app.formatter(std::make_shared<tessera::cli::HelpFormatter>()); // the commands inherit it
    app.require_subcommand(1);
    tessera::cli::addRenderCommand(app);
    tessera::cli::addStageCommands(app);
    tessera::cli::addScoreCommand(app);
    tessera::cli::addInspectCommand(app);
    tessera::cli::addConvertCommand(app);
    tessera::cli::addLabelsCommand(app);
    tessera::cli::addBatchCommand(app);
    tessera::cli::addDoctorCommand(app);
    tessera::app::refuseEmptyValues(app);
}

int refuseUsage(const CLI::App &app, const CLI::ParseError &error)
{
    if (error.get_exit_code() == 0) // --help and --version
        return app.exit(error);
    say(tessera::app::usageFault(app, error));
    return tessera::app::kExitUsage;
}

int run(CLI::App &app, int argc, char **argv)
{
    try {
        tessera::app::refuseEmptyAssignments(argc, argv);
        app.parse(argc, argv);
        return tessera::app::kExitDone;
    } catch (const CLI::ParseError &error) {
        return refuseUsage(app, error);
    } catch (const tessera::cli::Interrupted &) {
        tessera::cli::tellInterrupted();
        return tessera::app::kExitInterrupted;
    } catch (const std::filesystem::filesystem_error &error) {
        say("The file " + error.path1().string() + " cannot be used: " + error.code().message());
        return tessera::app::kExitFailed;
    } catch (const std::exception &error) {
        say(error.what());
        return tessera::app::kExitFailed;
    }
}

} // namespace

int main(int argc, char **argv)
{
    tessera::cli::holdInterrupts();
    tessera::app::occupyStandardStreams();
    tessera::app::parkWaitingThreads(argv);
    tessera::cli::installInterrupts();
    // Qt tells on the error stream what is odd about pictures that it reads all the same.
    QLoggingCategory::setFilterRules("qt.gui.imageio*=false");
    const QCoreApplication application(argc, argv); // Qt finds its image plug-ins by it
    tessera::app::keepDecimalPoints();
    CLI::App app("Paints pictures from maps with a transformer over VQGAN codes.", "tessera-cli");
    addCommands(app);
    const int code = run(app, argc, argv);
    if (code != tessera::app::kExitDone || tessera::app::printedAll())
        return code;
    say("The result could not be written to the standard output");
    return tessera::app::kExitFailed;
}
