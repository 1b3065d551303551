// The opcodes of pickles, protocols 2 to 5.
#pragma once

#include <cstdint>
#include <string>

namespace tessera::models
{

// Names and values as in Python's pickletools.
enum PickleOpcode : uint8_t {
    OpMark = '(',
    OpStop = '.',
    OpPop = '0',
    OpPopMark = '1',
    OpDup = '2',
    OpBinBytes = 'B',
    OpShortBinBytes = 'C',
    OpBinFloat = 'G',
    OpBinInt = 'J',
    OpBinInt1 = 'K',
    OpBinInt2 = 'M',
    OpNone = 'N',
    OpBinPersId = 'Q',
    OpReduce = 'R',
    OpBinString = 'T',
    OpShortBinString = 'U',
    OpBinUnicode = 'X',
    OpEmptyList = ']',
    OpAppend = 'a',
    OpBuild = 'b',
    OpGlobal = 'c',
    OpDict = 'd',
    OpAppends = 'e',
    OpBinGet = 'h',
    OpLongBinGet = 'j',
    OpList = 'l',
    OpBinPut = 'q',
    OpLongBinPut = 'r',
    OpSetItem = 's',
    OpTuple = 't',
    OpSetItems = 'u',
    OpEmptyDict = '}',
    OpEmptyTuple = ')',
    OpProto = 0x80,
    OpNewObj = 0x81,
    OpTuple1 = 0x85,
    OpTuple2 = 0x86,
    OpTuple3 = 0x87,
    OpNewTrue = 0x88,
    OpNewFalse = 0x89,
    OpLong1 = 0x8A,
    OpLong4 = 0x8B,
    OpShortBinUnicode = 0x8C,
    OpBinUnicode8 = 0x8D,
    OpBinBytes8 = 0x8E,
    OpEmptySet = 0x8F,
    OpAddItems = 0x90,
    OpFrozenSet = 0x91,
    OpNewObjEx = 0x92,
    OpStackGlobal = 0x93,
    OpMemoize = 0x94,
    OpFrame = 0x95,
    OpByteArray8 = 0x96
};

// Names the opcodes that pickles may hold, but torch.save never wrote. Empty for all others.
std::string refusedOpcodeName(uint8_t opcode);

} // namespace tessera::models
