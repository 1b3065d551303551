// What is wrong with a command line, in one sentence.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/common/sentence.h"

namespace tessera::app
{

// CLI11 counts values in words of its own.
inline std::string countedFault(const std::string &sentence)
{
    const size_t name = sentence.find(':');
    const auto follows = [&](const std::string &words) {
        return name != std::string::npos && sentence.compare(name, words.size(), words) == 0;
    };
    if (follows(": At Most 1 required but received "))
        return sentence.substr(0, name) + " is given more than once, or followed by more than one value.";
    if (follows(": 1 required ") && sentence.ends_with(" missing"))
        return sentence.substr(0, name) + " has no value behind it.";
    return withFullStop(sentence);
}

// `error`: what parsing `app` threw, other than a call for help or for the version.
inline std::string usageFault(const CLI::App &app, const CLI::ParseError &error)
{
    const std::vector<std::string> first = app.remaining();
    if (app.get_subcommands().empty() && !first.empty())
        return "'" + first.front() + "' is no "
               + (first.front().starts_with('-') ? "option of all commands" : "command") + "; --help lists them.";
    if (app.get_subcommands().empty() && first.empty() && error.get_exit_code() == int(CLI::ExitCodes::RequiredError))
        return "A command is missing; --help lists them.";
    if (error.get_exit_code() == int(CLI::ExitCodes::ExtrasError)) { // whose own sentence names them backwards
        std::string sentence = "Not expected here:";
        for (const std::string &argument : app.remaining(true))
            sentence += " " + argument;
        return sentence + ".";
    }
    return countedFault(error.what());
}

} // namespace tessera::app
