#include "core/sampling/validation.h"

#include <cmath>
#include <string>

#include "models/error.h"

namespace tessera::core
{

namespace
{

[[noreturn]] void refuse(const std::string &sentence)
{
    throw Error(ErrorCode::InvalidArgument, sentence);
}

std::string sizeText(GridSize size)
{
    return std::to_string(size.columns) + " codes wide and " + std::to_string(size.rows) + " high";
}

std::string placeText(Cell cell)
{
    return "row " + std::to_string(cell.row) + ", column " + std::to_string(cell.column);
}

void checkSize(const std::string &what, GridSize found, size_t values, GridSize expected)
{
    if (!(found == expected)) {
        refuse(what + " is " + sizeText(found) + "; expected " + sizeText(expected));
    }
    if (values != size_t(expected.cells())) {
        refuse(what + " holds " + std::to_string(values) + " values; expected " + std::to_string(expected.cells()));
    }
}

void checkCode(const std::string &what, Cell cell, int64_t code, int64_t count)
{
    if (code < 0 || code >= count) {
        refuse(what + " in " + placeText(cell) + " is " + std::to_string(code) + "; expected 0 to "
               + std::to_string(count - 1));
    }
}

void checkCodes(const std::string &what, const CodeGrid &codes, int64_t count)
{
    for (int row = 0; row < codes.size.rows; ++row) {
        for (int column = 0; column < codes.size.columns; ++column) {
            checkCode(what, {row, column}, codes.at({row, column}), count);
        }
    }
}

void checkControls(const models::ModelConfig &config, const std::vector<int64_t> &tokens)
{
    if (tokens.size() != config.controls.size()) {
        refuse("The request names " + std::to_string(tokens.size()) + " control tokens; the model has "
               + std::to_string(config.controls.size()) + " controls");
    }
    for (size_t i = 0; i < tokens.size(); ++i) {
        const models::ControlConfig &control = config.controls[i];
        const int64_t last = control.first + int64_t(control.values.size()) - 1;
        if (tokens[i] < control.first || tokens[i] > last) {
            refuse("The token of control \"" + control.key + "\" is " + std::to_string(tokens[i]) + "; expected "
                   + std::to_string(control.first) + " to " + std::to_string(last));
        }
    }
}

void checkCondition(const models::ModelConfig &config, std::optional<models::ConditionKind> kind,
                    const CodeGrid &condition, GridSize canvas)
{
    using models::ConditionKind;
    const models::ConditionConfig *read = config.conditionOf(kind.value_or(config.condition.kind));
    if (!read) {
        refuse("The condition is one of " + models::conditionKindName(*kind) + "; expected "
               + models::conditionKindName(config.condition.kind));
    }
    const bool single = read->kind == ConditionKind::Class || read->kind == ConditionKind::None;
    checkSize("The condition grid", condition.size, condition.values.size(), single ? GridSize{1, 1} : canvas);
    checkCodes("The condition code", condition, read->tokens.count);
}

void checkGuidance(const models::ModelConfig &config, double guidance)
{
    if (!std::isfinite(guidance)) {
        refuse("The guidance is " + std::to_string(guidance) + "; expected a finite number");
    }
    if (guidance != 1.0 && !config.nullToken) {
        refuse("The guidance is " + std::to_string(guidance)
               + ", but this model was not trained for guidance and has no null token; expected 1");
    }
}

void checkFilters(const SamplingParams &params)
{
    if (!(params.temperature > 0) || !std::isfinite(params.temperature)) {
        refuse("The temperature is " + std::to_string(params.temperature) + "; expected a number above 0");
    }
    if (params.topK < 0) {
        refuse("Top-k is " + std::to_string(params.topK) + "; expected 0 (off) or the number of codes to keep");
    }
    if (!(params.topP > 0 && params.topP <= 1)) {
        refuse("Top-p is " + std::to_string(params.topP) + "; expected a number above 0 and at most 1");
    }
}

void checkLockedCodes(const models::ModelConfig &config, const SampleRequest &request)
{
    if (request.locked.values.empty()) {
        return;
    }
    checkSize("The grid of locked codes", request.locked.size, request.locked.values.size(), request.canvas);
    checkSize("The grid of initial codes", request.initial.size, request.initial.values.size(), request.canvas);
    for (int row = 0; row < request.canvas.rows; ++row) {
        for (int column = 0; column < request.canvas.columns; ++column) {
            const Cell cell{row, column};
            if (request.locked.at(cell)) {
                checkCode("The locked code", cell, request.initial.at(cell), config.imageTokens.count);
            }
        }
    }
}

void checkDraft(const models::ModelConfig &config, const SampleRequest &request)
{
    const CodeGrid &draft = request.draft;
    if (draft.values.empty()) {
        return;
    }
    checkSize("The draft", draft.size, draft.values.size(), request.canvas);
    for (int row = 0; row < draft.size.rows; ++row) {
        for (int column = 0; column < draft.size.columns; ++column) {
            if (draft.at({row, column}) != kNoCode) {
                checkCode("The draft's code", {row, column}, draft.at({row, column}), config.imageTokens.count);
            }
        }
    }
}

} // namespace

void checkSampleRequest(const models::ModelConfig &config, const SampleRequest &request)
{
    checkControls(config, request.controlTokens);
    checkCondition(config, request.kind, request.condition, request.canvas);
    checkGuidance(config, request.params.guidance);
    checkFilters(request.params);
    checkLockedCodes(config, request);
    checkDraft(config, request);
}

void checkScoreRequest(const models::ModelConfig &config, const ScoreRequest &request)
{
    if (request.windows.empty()) {
        throw Error(ErrorCode::InvalidArgument, "No window policy was named to judge by; expected one or more");
    }
    checkSize("The grid of codes", request.codes.size, request.codes.values.size(), request.codes.size);
    checkControls(config, request.controlTokens);
    checkCondition(config, request.kind, request.condition, request.codes.size);
    checkGuidance(config, request.guidance);
    checkCodes("The code", request.codes, config.imageTokens.count);
}

} // namespace tessera::core
