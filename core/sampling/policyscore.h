// What a model thinks of a picture's codes when each is judged from the window from which a policy draws it.
#pragma once

#include "core/sampling/grid.h"
#include "core/sampling/windowplan.h"

namespace tessera::core
{

struct PolicyScore {
    WindowPolicy window;
    Grid<float> logProbability; // of each code at temperature 1 without filters, nats
    Grid<float> entropy;        // of the distribution it was judged by, nats
    double natsPerCode = 0;     // mean of -logProbability; 0 where judging was stopped
};

} // namespace tessera::core
