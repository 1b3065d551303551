#include "models/training/run.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <numbers>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "models/error.h"
#include "models/training/failure.h"
#include "models/training/lineage.h"
#include "models/training/pictureset.h"
#include "models/training/recipeparts.h"

namespace tessera::models
{

namespace
{

const std::string kCheckpoint = "checkpoint.safetensors";
const std::string kCheckpointBefore = "checkpoint-before.safetensors";
const std::string kLog = "log.jsonl";

std::string sentence(const std::string &text)
{
    return text.ends_with('.') ? text : text + '.';
}

// A file that is not there, or empty, has no line to end.
bool endsItsLine(const std::filesystem::path &path)
{
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    return !file || file.tellg() <= 0 || file.seekg(-1, std::ios::end).get() == '\n';
}

} // namespace

TrainRun::TrainRun(const TrainOptions &options, Recipe &recipe) : m_options(options), m_folder(options.output)
{
    const RunKeys keys = readRunKeys(recipe);
    m_minutes = keys.minutes;
    m_steps = keys.steps;
    m_seed = keys.seed;
    m_checkpointSeconds = 60 * keys.checkpointMinutes;
    if (options.minutes || options.steps) { // what the user asks for now replaces both limits of the recipe
        m_minutes = options.minutes.value_or(0);
        m_steps = options.steps.value_or(0);
    }
    if (!(m_minutes > 0) && m_steps <= 0) // which is true of NaN as well
        throw Error(ErrorCode::InvalidArgument, "The run has no end: give minutes or steps, above 0.");
    m_folder.hold();
    keepEarlierRun();
}

void TrainRun::keepEarlierRun() const
{
    std::error_code ignored;
    if (!m_options.resume && std::filesystem::exists(file(kCheckpoint), ignored))
        throw Error(ErrorCode::InvalidArgument,
                    file(kCheckpoint).string() + " holds an earlier run: resume it, or name another output folder.");
}

bool TrainRun::next()
{
    ++m_step;
    if (m_step == 0)
        m_begun = seconds();
    return fraction() < 1 && !m_options.stop.stop_requested();
}

double TrainRun::fraction() const
{
    return shareOf(seconds(), 60 * m_minutes);
}

double TrainRun::learned() const
{
    return shareOf(seconds() - m_begun, std::max(0.0, 60 * m_minutes - m_begun));
}

// The larger of the shares of steps and of seconds.
double TrainRun::shareOf(double seconds, double budget) const
{
    const double ofSteps = m_steps > 0 ? double(m_step) / double(m_steps) : 0;
    const double ofSeconds = m_minutes > 0 ? (budget > 0 ? seconds / budget : 1) : 0;
    return std::max(ofSteps, ofSeconds);
}

uint64_t TrainRun::stepSeed(int64_t later) const
{
    return mixedSeed(m_seed, uint64_t(m_step + later));
}

void TrainRun::prepare(const std::string &what, double share) const
{
    if (m_options.progress)
        m_options.progress({what, m_step, share, {}});
}

void TrainRun::learn(const std::string &phase, const std::function<Values()> &step, const SaveFn &save)
{
    int64_t nextStep = m_step;
    try {
        const Values values = step();
        ++nextStep;
        tell(phase, values);
    } catch (const std::exception &failure) {
        const Error error = explained(failure);
        throw Error(error.code(), sentence(error.what()) + rescued(error.code(), nextStep, save));
    }
}

std::string TrainRun::rescued(ErrorCode failure, int64_t nextStep, const SaveFn &save) const
{
    std::string before;
    try {
        if (nextStep == 0) // nothing was learned
            return whatIsKept();
        if (failure == ErrorCode::NonFinite && keepCheckpointBefore()) // what broke may have begun before
            before = ", the checkpoint before it in " + kCheckpointBefore;
        save(nextStep);
    } catch (const std::exception &) { // what failed first is what counts
        return whatIsKept();
    }
    return " What was learned before step " + std::to_string(nextStep) + " is kept in " + file(kCheckpoint).string()
           + before + ".";
}

// As a second name, which takes no room, where the file system has such: save() puts another file under the first. False
// where there is none. Throws std::filesystem::filesystem_error.
bool TrainRun::keepCheckpointBefore() const
{
    if (!std::filesystem::exists(file(kCheckpoint)))
        return false;
    const std::filesystem::path now = std::filesystem::canonical(file(kCheckpoint));
    std::filesystem::remove(file(kCheckpointBefore));
    std::error_code unable;
    std::filesystem::create_hard_link(now, file(kCheckpointBefore), unable);
    return !unable || std::filesystem::copy_file(now, file(kCheckpointBefore));
}

void TrainRun::expectSteps() const
{
    if (m_step == 0 && !m_options.stop.stop_requested())
        throw Error(ErrorCode::InvalidArgument, "The run's time was over before its first step, so no model is "
                                                "written; its checkpoint is kept in "
                                                    + m_options.output.string() + ": resume it with more minutes.");
}

void TrainRun::report(const std::string &phase, const Values &values)
{
    try {
        tell(phase, values);
    } catch (const Error &error) {
        throw Error(error.code(), error.what() + whatIsKept());
    }
}

void TrainRun::tell(const std::string &phase, const Values &values)
{
    nlohmann::json line = {{"phase", phase}, {"step", m_step}, {"seconds", std::round(seconds() * 10) / 10}};
    for (const auto &[name, value] : values) {
        if (!std::isfinite(value) && name != "gradient") // such a step was skipped
            throw Error(ErrorCode::NonFinite, "Training broke at step " + std::to_string(m_step) + " of phase " + phase
                                                  + ": '" + name + "' is not a number.");
        line[name] = std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
    }
    writeLog(line.dump());
    if (m_options.progress)
        m_options.progress({phase, m_step, fraction(), values});
}

std::string TrainRun::whatIsKept() const
{
    std::error_code ignored;
    const bool kept = std::filesystem::exists(file(kCheckpoint), ignored);
    return kept ? " The last checkpoint is kept in " + m_options.output.string() + "." : "";
}

void TrainRun::openLog()
{
    const bool torn = m_options.resume && !endsItsLine(file(kLog)); // by a run that was killed
    m_log.open(file(kLog), m_options.resume ? std::ios::app : std::ios::trunc);
    if (torn)
        m_log << '\n';
}

void TrainRun::writeLog(const std::string &line)
{
    if (!m_log.is_open())
        openLog();
    m_log << line << '\n' << std::flush;
    if (!m_log)
        throw Error(ErrorCode::FileWrite, file(kLog).string() + " cannot be written: " + std::strerror(errno) + ".");
}

bool TrainRun::checkpointDue() const
{
    return std::chrono::duration<double>(Clock::now() - m_lastSave).count() >= m_checkpointSeconds;
}

void TrainRun::save(const std::map<std::string, StateDict> &parts, const std::string &phase, int64_t nextStep)
{
    StateDict all;
    for (const auto &[part, tensors] : parts)
        all.merge(withPrefixAdded(tensors, part + "/"));
    expectFinite(all);
    writeSafetensors(file(kCheckpoint), all,
                     {{"step", std::to_string(nextStep)},
                      {"seconds", std::to_string(seconds())},
                      {"begun", std::to_string(m_begun)},
                      {"learns_from", m_learnsFrom},
                      {"lineage", m_lineage},
                      {"phase", phase}});
    m_lastSave = Clock::now();
}

void TrainRun::expectFinite(const StateDict &tensors) const
{
    for (const auto &[name, tensor] : tensors)
        if (tensor.is_floating_point() && !at::isfinite(tensor.detach()).all().item<bool>())
            throw Error(ErrorCode::NonFinite, "Training broke before step " + std::to_string(m_step + 1) + ": '" + name
                                                  + "' is not finite, so no checkpoint is made of it." + whatIsKept());
}

std::map<std::string, StateDict> TrainRun::load()
{
    std::map<std::string, StateDict> parts;
    if (!m_options.resume) {
        m_lineage = lineageOf(m_options.recipe);
        m_folder.begin();
        keepEarlierRun();
        return parts;
    }
    const SafetensorsIndex index = readSafetensorsIndex(file(kCheckpoint));
    for (const char *key : {"step", "seconds", "phase"})
        if (!index.metadata.contains(key))
            throw Error(ErrorCode::FileFormat,
                        index.path.string() + " is not a training checkpoint: its metadata has no '" + key + "'.");
    try {
        m_step = std::stoll(index.metadata.at("step")) - 1;
        m_secondsBefore = std::stod(index.metadata.at("seconds"));
        const auto begun = index.metadata.find("begun"); // older checkpoints do without
        m_begun = begun == index.metadata.end() ? 0 : std::stod(begun->second);
    } catch (const std::logic_error &) {
        throw Error(ErrorCode::FileFormat, index.path.string() + " is not a training checkpoint: its step is '"
                                               + index.metadata.at("step") + "' and its seconds are '"
                                               + index.metadata.at("seconds") + "', expected numbers.");
    }
    checkSource(index);
    if (const auto lineage = index.metadata.find("lineage"); lineage != index.metadata.end())
        m_lineage = lineage->second; // the files that the recipe names may be others by now
    m_folder.begin();
    m_loadedPhase = index.metadata.at("phase");
    m_start = Clock::now();
    for (const auto &[name, tensor] : readSafetensors(index)) {
        const size_t slash = name.find('/');
        if (slash != std::string::npos)
            parts[name.substr(0, slash)][name.substr(slash + 1)] = tensor;
    }
    return parts;
}

std::map<std::string, std::string> TrainRun::notes(const Values &figures, int64_t steps,
                                                   const std::string &pictures) const
{
    std::map<std::string, std::string> notes;
    for (const auto &[name, value] : figures)
        notes[name] = std::to_string(value);
    notes["recipe"] = m_options.recipe.dump();
    notes["program"] = "Tessera " TESSERA_VERSION;
    notes["steps"] = std::to_string(steps);
    notes["minutes"] = std::to_string(std::lround(seconds() / 60));
    notes["pictures"] = pictures;
    if (!m_lineage.empty())
        notes["lineage"] = m_lineage;
    return notes;
}

void TrainRun::checkSource(const SafetensorsIndex &index) const
{
    const auto found = index.metadata.find("learns_from"); // older checkpoints do without
    if (found != index.metadata.end() && found->second != m_learnsFrom)
        throw Error(ErrorCode::ModelMismatch, index.path.string() + " learned from '" + found->second
                                                  + "', and this run would from '" + m_learnsFrom
                                                  + "': give it the same again, or name another output folder.");
}

const StateDict &checkpointPart(const std::map<std::string, StateDict> &parts, const std::string &name)
{
    const auto found = parts.find(name);
    if (found == parts.end())
        throw Error(ErrorCode::ModelMismatch,
                    "The checkpoint has no part '" + name + "': it is of another kind of training than this recipe's.");
    return found->second;
}

void copyInto(const StateDict &parameters, const StateDict &values, const std::string &what)
{
    const c10::NoGradGuard noGradients;
    StateDictSource source(values, "", what);
    std::vector<std::pair<at::Tensor, at::Tensor>> copies;
    for (const auto &[name, tensor] : parameters)
        copies.emplace_back(tensor, source.take(name, tensor.sizes().vec(), Init::Zero));
    source.finish();
    for (auto &[tensor, value] : copies)
        tensor.copy_(value);
}

double scheduledRate(double peak, double fraction, double warmUp, double last)
{
    if (fraction < warmUp)
        return peak * (0.02 + 0.98 * std::max(0.0, fraction) / warmUp);
    const double t = std::min(1.0, (fraction - warmUp) / (1 - warmUp));
    return peak * (last + (1 - last) * 0.5 * (1 + std::cos(std::numbers::pi * t)));
}

} // namespace tessera::models
