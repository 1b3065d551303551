// Options that are given without a value, as an unset variable of a script makes them.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

namespace tessera::app
{

// Makes them wrong usage, for all commands below `app` as well: an empty text must not mean that nothing was asked for.
inline void refuseEmptyValues(CLI::App &app)
{
    for (CLI::Option *option : app.get_options())
        if (option->get_expected_min() > 0)
            option->check([](const std::string &text) {
                return text.empty() ? std::string("an empty value was found, expected one that says something")
                                    : std::string();
            });
    for (CLI::App *command : app.get_subcommands(std::function<bool(CLI::App *)>()))
        refuseEmptyValues(*command);
}

// The same for "--option=", behind which CLI11 would take the next argument for the value. Throws CLI::ValidationError.
inline void refuseEmptyAssignments(int count, const char *const *arguments)
{
    for (int i = 1; i < count; ++i) {
        const std::string_view argument = arguments[i];
        if (argument == "--")
            return;
        if (argument.starts_with("--") && argument.find('=') == argument.size() - 1)
            throw CLI::ValidationError(std::string(argument.substr(0, argument.size() - 1)),
                                       "an empty value was found, expected one that says something");
    }
}

} // namespace tessera::app
