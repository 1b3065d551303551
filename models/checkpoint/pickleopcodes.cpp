#include "models/checkpoint/pickleopcodes.h"

#include <algorithm>
#include <array>

namespace tessera::models
{

namespace
{

struct Refused {
    uint8_t opcode;
    const char *name;
};

constexpr std::array<Refused, 15> kRefused{{{'I', "INT"},
                                            {'L', "LONG"},
                                            {'F', "FLOAT"},
                                            {'S', "STRING"},
                                            {'V', "UNICODE"},
                                            {'p', "PUT"},
                                            {'g', "GET"},
                                            {'i', "INST"},
                                            {'o', "OBJ"},
                                            {'P', "PERSID"},
                                            {0x82, "EXT1"},
                                            {0x83, "EXT2"},
                                            {0x84, "EXT4"},
                                            {0x97, "NEXT_BUFFER"},
                                            {0x98, "READONLY_BUFFER"}}};

} // namespace

std::string refusedOpcodeName(uint8_t opcode)
{
    const auto *found = std::ranges::find(kRefused, opcode, &Refused::opcode);
    return found != kRefused.end() ? found->name : "";
}

} // namespace tessera::models
