// JSON as the programs print it.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace tessera::app
{

// Names of files may be no UTF-8, which JSON must be.
inline std::string jsonText(const nlohmann::json &json)
{
    return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

} // namespace tessera::app
