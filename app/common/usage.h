// What is wrong with a command line, in one sentence.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/common/sentence.h"

namespace tessera::app
{

// `error`: what parsing `app` threw, other than a call for help or for the version.
inline std::string usageFault(const CLI::App &app, const CLI::ParseError &error)
{
    const std::vector<std::string> first = app.remaining();
    if (app.get_subcommands().empty() && !first.empty() && !first.front().starts_with('-'))
        return "'" + first.front() + "' is no command; --help lists them.";
    if (app.get_subcommands().empty() && first.empty() && error.get_exit_code() == int(CLI::ExitCodes::RequiredError))
        return "A command is missing; --help lists them.";
    if (error.get_exit_code() == int(CLI::ExitCodes::ExtrasError)) { // whose own sentence names them backwards
        std::string sentence = "Not expected here:";
        for (const std::string &argument : app.remaining(true))
            sentence += " " + argument;
        return sentence + ".";
    }
    return withFullStop(error.what());
}

} // namespace tessera::app
