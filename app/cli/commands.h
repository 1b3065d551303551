// The commands of tessera-cli. Each function adds one to the command line; its work runs while the line is parsed.
#pragma once

#include <CLI/App.hpp>

namespace tessera::cli
{

void addRenderCommand(CLI::App &app);
void addBatchCommand(CLI::App &app);
void addStageCommands(CLI::App &app); // encode, decode, reconstruct, encode-condition
void addScoreCommand(CLI::App &app);
void addInspectCommand(CLI::App &app);
void addConvertCommand(CLI::App &app);
void addLabelsCommand(CLI::App &app);
void addDoctorCommand(CLI::App &app);

} // namespace tessera::cli
