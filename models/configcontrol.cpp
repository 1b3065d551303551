// Controls in a configuration, and those whose value is the window's place.
#include <charconv>
#include <cmath>

#include "models/configparts.h"

namespace tessera::models
{

using nlohmann::json;

namespace
{

const std::vector<std::pair<ControlSource, std::string>> kSources = {
    {ControlSource::Artist, "artist"}, {ControlSource::Row, "row"}, {ControlSource::Height, "height"}};

ControlSource sourceFrom(const json &node)
{
    const auto name = configValueOr<std::string>(node, "source", "artist");
    const auto source = controlSourceNamed(name);
    if (!source)
        failConfig("the source of a control is '" + name + "', expected artist, row or height");
    return *source;
}

// Windows; 0 where the value is no number.
double heightNamed(const std::string &value)
{
    double height = 0;
    const char *end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, height);
    return error == std::errc{} && stop == end ? height : 0;
}

void checkPlaced(const ControlConfig &control)
{
    if (control.source == ControlSource::Artist)
        return;
    if (control.guided)
        failConfig("the control '" + control.key
                   + "' follows the canvas and is 'guided', which only an artist's can be");
    if (control.values.size() < 2)
        failConfig("the control '" + control.key + "' follows the canvas but has no value beside 'any'");
    for (size_t i = 1; i < control.values.size() && control.source == ControlSource::Height; ++i)
        if (!(heightNamed(control.values[i]) > 0))
            failConfig("the control '" + control.key + "' has the value '" + control.values[i]
                       + "', expected a number of windows above 0");
}

} // namespace

ControlConfig controlFrom(const json &node)
{
    ControlConfig control{configValue<std::string>(node, "key"), configValue<std::vector<std::string>>(node, "values"),
                          configValue<int64_t>(node, "first"), sourceFrom(node),
                          configValueOr<bool>(node, "guided", false)};
    if (control.values.empty() || control.values[0] != "any")
        failConfig("the values of control '" + control.key + "' do not begin with 'any'");
    checkPlaced(control);
    return control;
}

json controlJson(const ControlConfig &control)
{
    json node = {{"key", control.key}, {"values", control.values}, {"first", control.first}};
    if (control.source != ControlSource::Artist)
        node["source"] =
            std::ranges::find(kSources, control.source, &std::pair<ControlSource, std::string>::first)->second;
    if (control.guided)
        node["guided"] = true;
    return node;
}

std::optional<ControlSource> controlSourceNamed(const std::string &name)
{
    const auto found = std::ranges::find(kSources, name, &std::pair<ControlSource, std::string>::second);
    return found == kSources.end() ? std::nullopt : std::optional(found->first);
}

int64_t placedValue(const ControlConfig &control, double middle, double height)
{
    const auto values = int64_t(control.values.size()) - 1;
    if (control.source == ControlSource::Row)
        return 1 + std::clamp<int64_t>(int64_t(middle * double(values)), 0, values - 1);
    int64_t nearest = 1;
    const auto distance = [&](int64_t value) { return std::abs(heightNamed(control.values[size_t(value)]) - height); };
    for (int64_t value = 2; value <= values; ++value)
        if (distance(value) < distance(nearest))
            nearest = value;
    return nearest;
}

} // namespace tessera::models
