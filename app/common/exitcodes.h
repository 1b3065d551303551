#pragma once

namespace tessera::app
{

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1; // bad input or a failed job
inline constexpr int kExitUsage = 2;  // the command line is wrong
inline constexpr int kExitInterrupted = 130;

} // namespace tessera::app
