// tessera-cli: the painter's work without a window.
#include <cstdio>
#include <exception>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <QCoreApplication>

#include "app/cli/commands.h"
#include "app/cli/help.h"
#include "app/cli/interrupts.h"
#include "app/common/parkthreads.h"
#include "models/error.h"

namespace
{

enum ExitCode { Done = 0, Failed = 1, WrongUsage = 2, WasInterrupted = 130 };

void say(std::string sentence)
{
    if (!sentence.ends_with('.'))
        sentence += '.';
    std::fprintf(stderr, "tessera-cli: %s\n", sentence.c_str());
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
}

int refuseUsage(const CLI::App &app, const CLI::ParseError &error)
{
    if (error.get_exit_code() == 0) // --help and --version
        return app.exit(error);
    say(error.what());
    return WrongUsage;
}

} // namespace

int main(int argc, char **argv)
{
    tessera::app::parkWaitingThreads(argv);
    tessera::cli::installInterrupts();
    const QCoreApplication application(argc, argv); // Qt finds its image plug-ins by it
    CLI::App app("Paints pictures from maps with a transformer over VQGAN codes.", "tessera-cli");
    addCommands(app);
    try {
        app.parse(argc, argv);
        return Done;
    } catch (const CLI::ParseError &error) {
        return refuseUsage(app, error);
    } catch (const tessera::cli::Interrupted &) {
        say("Interrupted; no unfinished file was left");
        return WasInterrupted;
    } catch (const std::exception &error) {
        say(error.what());
        return Failed;
    }
}
