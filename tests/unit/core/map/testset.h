// A small label set for tests.
#pragma once

#include "core/map/labelset.h"
#include "models/error.h"

namespace tessera::core
{

inline const char *const kTestSetJson = R"({"name": "small", "title": "Small set", "labels": [
  {"index": 0, "name": "void", "color": "#000000"},
  {"index": 1, "name": "sky", "color": "#9ceedd", "group": "sky", "synonyms": ["Heaven"],
   "cocostuff": [156], "ade20k": [2]},
  {"index": 2, "name": "cloud", "color": "#696969", "group": "sky", "cocostuff": [105]},
  {"index": 3, "name": "mountain", "color": "#869664", "group": "land", "cocostuff": [134], "ade20k": [16]},
  {"index": 4, "name": "tree", "color": "#a8c832", "group": "plants", "synonyms": ["forest", "wood land"],
   "cocostuff": [168, 93, 128], "ade20k": [4, 72]},
  {"index": 5, "name": "sand", "color": "#999900", "group": "ground", "cocostuff": [153], "ade20k": [46]}
]})";

inline LabelSet testSet()
{
    return parseLabelSet(kTestSetJson, "small.json");
}

// The text of the error that `action` throws; empty when it throws none.
template<typename Action>
std::string errorOf(ErrorCode expected, Action action)
{
    try {
        action();
    } catch (const Error &error) {
        return error.code() == expected ? error.what() : std::string("another code: ") + error.what();
    }
    return {};
}

} // namespace tessera::core
