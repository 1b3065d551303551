#pragma once

namespace tessera::app
{

inline constexpr int kMostThreads = 1024; // that a program may be asked to calculate with

} // namespace tessera::app
