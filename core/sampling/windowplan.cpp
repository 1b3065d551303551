#include "core/sampling/windowplan.h"

#include <algorithm>
#include <map>
#include <string>

#include "models/error.h"
#include "models/permuter.h"

namespace tessera::core
{

namespace
{

int windowStart(int position, int length, int window, WindowPolicy policy)
{
    const int step = policy.kind == WindowPolicy::Kind::Block ? policy.step : 1;
    const int shifted = std::max(0, position - window / 2 + step / 2);
    return std::min(shifted / step * step, length - window);
}

void checkArguments(GridSize canvas, int window, WindowPolicy policy, const Grid<uint8_t> &locked)
{
    if (window < 1 || canvas.rows < window || canvas.columns < window) {
        throw Error(ErrorCode::InvalidArgument, "The canvas is " + std::to_string(canvas.columns) + " codes wide and "
                                                    + std::to_string(canvas.rows)
                                                    + " high; the model's window needs at least "
                                                    + std::to_string(window) + " by " + std::to_string(window));
    }
    if (policy.kind == WindowPolicy::Kind::Block && (policy.step < 1 || policy.step > window)) {
        throw Error(ErrorCode::InvalidArgument, "The window policy's step is " + std::to_string(policy.step)
                                                    + " codes; expected 1 to " + std::to_string(window));
    }
    const size_t marks = locked.values.size();
    if (marks > 0 && (!(locked.size == canvas) || marks != size_t(canvas.cells()))) {
        throw Error(ErrorCode::InvalidArgument, "The grid of locked codes is " + std::to_string(locked.size.columns)
                                                    + " wide and " + std::to_string(locked.size.rows)
                                                    + " high; the canvas is " + std::to_string(canvas.columns)
                                                    + " wide and " + std::to_string(canvas.rows) + " high");
    }
}

void checkOneWindow(GridSize canvas, int window)
{
    if (canvas.rows != window || canvas.columns != window) {
        throw Error(ErrorCode::InvalidArgument,
                    "The canvas is " + std::to_string(canvas.columns) + " codes wide and " + std::to_string(canvas.rows)
                        + " high, but a model that does not write its codes row by row has no sliding windows; "
                          "expected "
                        + std::to_string(window) + " by " + std::to_string(window));
    }
}

std::vector<std::vector<Cell>> orderedSteps(const std::vector<int64_t> &order, int window)
{
    std::vector<std::vector<Cell>> steps;
    steps.reserve(order.size());
    for (const int64_t place : order) {
        steps.push_back({{int(place) / window, int(place) % window}});
    }
    return steps;
}

std::vector<std::vector<Cell>> rasterSteps(GridSize canvas)
{
    std::vector<std::vector<Cell>> steps;
    steps.reserve(size_t(canvas.cells()));
    for (int row = 0; row < canvas.rows; ++row) {
        for (int column = 0; column < canvas.columns; ++column) {
            steps.push_back({{row, column}});
        }
    }
    return steps;
}

// Cell (i, j) needs row i - 1 up to the right edge of its window. At the left edge that is column window - 1,
// so a row starts `window` steps after the one above; everywhere else the condition then holds as well.
std::vector<std::vector<Cell>> wavefrontSteps(GridSize canvas, int window)
{
    std::vector<std::vector<Cell>> steps(size_t(window) * size_t(canvas.rows - 1) + size_t(canvas.columns));
    for (int row = 0; row < canvas.rows; ++row) {
        for (int column = 0; column < canvas.columns; ++column) {
            steps[size_t(window) * size_t(row) + size_t(column)].push_back({row, column});
        }
    }
    return steps;
}

class PlanBuilder
{
public:
    explicit PlanBuilder(WindowPlan &plan) : m_plan(plan), m_positions(models::inverseOrder(plan.order)) {}

    void addStep(const std::vector<Cell> &cells, const Grid<uint8_t> &locked)
    {
        PlanStep step;
        for (const Cell cell : cells) {
            if (locked.values.empty() || !locked.at(cell)) {
                step.codes.push_back(plan(cell));
            }
        }
        if (!step.codes.empty()) {
            m_plan.steps.push_back(std::move(step));
        }
    }

    void finish()
    {
        m_plan.windows = int(m_appended.size());
        std::vector<bool> usedLater(m_appended.size());
        for (auto step = m_plan.steps.rbegin(); step != m_plan.steps.rend(); ++step) {
            for (PlannedCode &code : step->codes) {
                code.closesWindow = !usedLater[size_t(code.window)];
                usedLater[size_t(code.window)] = true;
            }
        }
    }

private:
    PlannedCode plan(Cell cell)
    {
        PlannedCode code;
        code.cell = cell;
        code.origin = windowOrigin(cell, m_plan.canvas, m_plan.window, m_plan.policy);
        const int place = (cell.row - code.origin.row) * m_plan.window + cell.column - code.origin.column;
        code.localPosition = m_positions.empty() ? place : int(m_positions[size_t(place)]);
        const auto [found, opened] = m_indices.try_emplace(code.origin, int(m_indices.size()));
        code.window = found->second;
        code.opensWindow = opened;
        if (opened) {
            m_appended.push_back(0);
        }
        code.firstNew = m_appended[size_t(code.window)];
        m_appended[size_t(code.window)] = code.localPosition;
        return code;
    }

    WindowPlan &m_plan;
    std::vector<int64_t> m_positions; // of the places of a window; empty: row by row
    std::map<Cell, int> m_indices;    // of windows, by origin
    std::vector<int> m_appended;      // codes in each window's cache so far
};

} // namespace

int WindowPlan::codes() const
{
    int count = 0;
    for (const PlanStep &step : steps) {
        count += int(step.codes.size());
    }
    return count;
}

int64_t WindowPlan::tokenForwards(int64_t prefixLength) const
{
    int64_t count = 0;
    for (const PlanStep &step : steps) {
        for (const PlannedCode &code : step.codes) {
            count += (code.opensWindow ? prefixLength : 0) + code.localPosition - code.firstNew;
        }
    }
    return count;
}

int WindowPlan::liveWindows() const
{
    int live = 0;
    int most = 0;
    for (const PlanStep &step : steps) {
        live += int(std::ranges::count_if(step.codes, &PlannedCode::opensWindow));
        most = std::max(most, live);
        live -= int(std::ranges::count_if(step.codes, &PlannedCode::closesWindow));
    }
    return most;
}

Cell WindowPlan::cellAt(Cell origin, int position) const
{
    const int place = order.empty() ? position : int(order[size_t(position)]);
    return {origin.row + place / window, origin.column + place % window};
}

Cell windowOrigin(Cell cell, GridSize canvas, int window, WindowPolicy policy)
{
    return {windowStart(cell.row, canvas.rows, window, policy),
            windowStart(cell.column, canvas.columns, window, policy)};
}

WindowPlan planWindows(GridSize canvas, int window, WindowPolicy policy, bool wavefront, const Grid<uint8_t> &locked,
                       std::vector<int64_t> order)
{
    checkArguments(canvas, window, policy, locked);
    if (!order.empty()) {
        checkOneWindow(canvas, window);
    }
    WindowPlan plan{canvas, window, policy, 0, std::move(order), {}};
    PlanBuilder builder(plan);
    const std::vector<std::vector<Cell>> steps = !plan.order.empty() ? orderedSteps(plan.order, window)
                                                 : wavefront         ? wavefrontSteps(canvas, window)
                                                                     : rasterSteps(canvas);
    for (const std::vector<Cell> &cells : steps) {
        builder.addStep(cells, locked);
    }
    builder.finish();
    return plan;
}

} // namespace tessera::core
