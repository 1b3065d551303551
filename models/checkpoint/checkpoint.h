// Tensors of a torch checkpoint. See checkpointindex.h.
#pragma once

#include <functional>
#include <string>

#include "models/checkpoint/checkpointindex.h"
#include "models/parameters.h"

namespace tessera::models
{

// Reads the tensors whose names are `wanted`, under their full names, and only the parts of storages in which they lie.
// Data types, shapes and strides are as saved; tensors that shared memory still do. On the CPU, whatever device they
// were saved from. Any thread. Throws Error: FileRead, FileFormat where a checksum is wrong, OutOfMemory. Memory: what
// the storages take in the file.
StateDict readCheckpoint(const CheckpointIndex &index, const std::function<bool(const std::string &)> &wanted);
// Those whose names begin with `prefix`.
StateDict readCheckpoint(const CheckpointIndex &index, const std::string &prefix = "");

} // namespace tessera::models
