// How --help lists options: without the long lists of what excludes what.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace tessera::cli
{

class HelpFormatter : public CLI::Formatter
{
public:
    std::string make_option_opts(const CLI::Option *option) const override
    {
        if (option->get_type_size() == 0)
            return {};
        std::string text = " " + option->get_type_name();
        if (!option->get_default_str().empty())
            text += "=" + option->get_default_str();
        if (option->get_expected_max() == CLI::detail::expected_max_vector_size)
            text += " ...";
        return option->get_required() ? text + " (required)" : text;
    }
};

} // namespace tessera::cli
