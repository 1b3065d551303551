#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>
#include <QByteArray>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/interrupts.h"
#include "app/cli/options.h"
#include "app/cli/outputs.h"
#include "core/document/atomicfile.h"
#include "core/map/labelset.h"

namespace tessera::cli
{

namespace
{

using nlohmann::json;

const std::string kStarterSet = "landscape";

struct LabelsOptions {
    std::string set;
    std::string palette;
    ReportOptions report;
};

json setJson(const core::LabelSet &set)
{
    json labels = json::array();
    for (const core::Label &label : set.labels)
        labels.push_back({{"index", label.index},
                          {"name", label.name},
                          {"color", core::hexText(label.color)},
                          {"synonyms", label.synonyms}});
    return {{"set", set.name}, {"labels", labels}};
}

void printText(const core::LabelSet &set)
{
    std::printf("%s: %s\n", set.name.c_str(), set.title.c_str());
    for (const core::Label &label : set.labels) {
        std::string synonyms;
        for (const std::string &synonym : label.synonyms)
            synonyms += (synonyms.empty() ? "" : ", ") + synonym;
        std::printf("%4d  %s  %-16s %s\n", label.index, core::hexText(label.color).c_str(), label.name.c_str(),
                    synonyms.c_str());
    }
}

void writePalette(const LabelsOptions &options)
{
    const core::LabelSet set = core::loadLabelSet(options.set.empty() ? kStarterSet : options.set);
    checkTarget(options.palette);
    finishUndisturbed();
    core::writeFileAtomically(options.palette, QByteArray::fromStdString(core::gimpPalette(set)));
}

std::vector<core::LabelSet> chosenSets(const std::string &name)
{
    std::vector<core::LabelSet> sets;
    for (const std::string &set : name.empty() ? core::labelSetNames() : std::vector{name})
        sets.push_back(core::loadLabelSet(set));
    return sets;
}

void run(const LabelsOptions &options)
{
    if (!options.palette.empty())
        writePalette(options);
    if (!options.palette.empty() && !options.report.json)
        return;
    const std::vector<core::LabelSet> sets = chosenSets(options.set);
    if (!options.report.json) {
        for (const core::LabelSet &set : sets)
            printText(set);
        return;
    }
    json all = json::array();
    for (const core::LabelSet &set : sets)
        all.push_back(setJson(set));
    printJson(options.set.empty() ? all : all.front());
}

} // namespace

void addLabelsCommand(CLI::App &app)
{
    const auto options = std::make_shared<LabelsOptions>();
    CLI::App *command = app.add_subcommand("labels", "Label sets and palettes");
    command->add_option("--set", options->set, "Name of the set; all by default");
    command->add_option("--gpl", options->palette,
                        "Write the set's palette for GIMP, Krita or Aseprite ('landscape' "
                        "when no set is named)");
    addJsonOption(*command, options->report);
    command->callback([options] { run(*options); });
}

} // namespace tessera::cli
