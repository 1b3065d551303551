// What every training run shares: budget, pace, checkpoints, log.
#pragma once

#include <chrono>
#include <cstdint>
#include <fstream>
#include <functional>
#include <map>
#include <string>

#include "models/error.h"
#include "models/parameters.h"
#include "models/safetensors.h"
#include "models/training/recipe.h"
#include "models/training/runfolder.h"
#include "models/training/trainer.h"

namespace tessera::models
{

// Counts steps and seconds over all sessions of a run. Used as
//   while (run.next()) { run.learn(phase, step, save); if (run.checkpointDue()) save(run.step() + 1); }
//   save(run.step());
//   run.expectSteps();
class TrainRun
{
public:
    using Values = std::map<std::string, double>;
    using SaveFn = std::function<void(int64_t nextStep)>;

    // Takes `minutes`, `steps`, `seed` and `checkpoint_minutes` from the recipe. Writes nothing: the recipe may still
    // be refused. Throws Error (InvalidArgument) when neither the recipe nor the options say when to end, when another
    // run uses the output folder, and when it holds a checkpoint that is not to be resumed: hours of work are not
    // overwritten.
    TrainRun(const TrainOptions &options, Recipe &recipe);

    // False when the budget is used up or a stop was asked for.
    bool next();
    int64_t step() const { return m_step; }
    // Of the budget, 0..1: the larger of the shares of steps and of minutes.
    double fraction() const;
    // The same of the steps alone, 0 with the first one: what was prepared before is no part of it. Schedules go by
    // this.
    double learned() const;
    // Seed of everything random in this step, or so many steps later: nothing else has to be remembered to go on.
    uint64_t stepSeed(int64_t later = 0) const;
    uint64_t seed() const { return m_seed; }

    // One step: `step` learns, and what it returns is reported. Where either throws, one try is made to `save` what was
    // learned until then; the Error is that of explained() (failure.h) and says what is kept.
    void learn(const std::string &phase, const std::function<Values()> &step, const SaveFn &save);
    // Throws Error (InvalidArgument) where the run is over before its first step, unless it was stopped: fresh weights
    // are no model.
    void expectSteps() const;

    // Tells the progress callback how far a preparation is, 0..1; nothing goes into the log.
    void prepare(const std::string &what, double share) const;
    // Into the log, and to the progress callback. Throws Error: NonFinite for a loss that is not a number, FileWrite
    // when the log takes no more.
    void report(const std::string &phase, const Values &values);

    bool checkpointDue() const;
    // Tensors under "<part>/<name>"; also keeps seconds and the step to go on with. Atomic. Throws Error: FileWrite,
    // and NonFinite where a tensor is not finite, for such a checkpoint must not replace a sound one.
    void save(const std::map<std::string, StateDict> &parts, const std::string &phase, int64_t nextStep);
    // Says what the run learns from, before load(): a checkpoint keeps it, and one that learned from something else is
    // not gone on with.
    void learnsFrom(const std::string &source) { m_learnsFrom = source; }
    // Call it once, when all else is ready and before anything is written: makes the output folder. Returns the parts
    // of the checkpoint to go on from, none where the run begins. Throws Error when there is none to resume, when the
    // folder cannot be made, what lineageOf() throws, and as the constructor does where another run was quicker.
    std::map<std::string, StateDict> load();
    // What a model's file tells about its making: figures, the recipe as JSON, the program, steps and minutes over all
    // sessions, what it learned from, and the same of the models that the recipe names (lineage.h).
    std::map<std::string, std::string> notes(const Values &figures, int64_t steps, const std::string &pictures) const;
    const std::string &loadedPhase() const { return m_loadedPhase; }

    std::filesystem::path file(const std::string &name) const { return m_options.output / name; }
    const TrainOptions &options() const { return m_options; }

private:
    using Clock = std::chrono::steady_clock;
    void keepEarlierRun() const;
    void tell(const std::string &phase, const Values &values);
    std::string rescued(ErrorCode failure, int64_t nextStep, const SaveFn &save) const; // a sentence
    bool keepCheckpointBefore() const;
    std::string whatIsKept() const; // a sentence
    void expectFinite(const StateDict &tensors) const;
    void openLog();
    void writeLog(const std::string &line);
    void checkSource(const SafetensorsIndex &index) const;
    double shareOf(double seconds, double budget) const;
    double seconds() const { return m_secondsBefore + std::chrono::duration<double>(Clock::now() - m_start).count(); }

    TrainOptions m_options;
    RunFolder m_folder;
    double m_minutes = 0; // 0: no limit
    int64_t m_steps = 0;  // 0: no limit
    double m_checkpointSeconds = 300;
    uint64_t m_seed = 0;
    int64_t m_step = -1;
    double m_secondsBefore = 0; // in earlier sessions
    double m_begun = 0;         // seconds before the first step
    Clock::time_point m_start = Clock::now();
    Clock::time_point m_lastSave = Clock::now();
    std::string m_loadedPhase, m_learnsFrom, m_lineage;
    std::ofstream m_log; // opened with the first line: until then an earlier run's stays
};

// Throws Error (ModelMismatch) when the checkpoint has no such part.
const StateDict &checkpointPart(const std::map<std::string, StateDict> &parts, const std::string &name);

// Copies `values` into the tensors of the same names. Throws Error (ModelMismatch), in which `what` names their origin,
// when names or shapes differ.
void copyInto(const StateDict &parameters, const StateDict &values, const std::string &what);

// Linear warm-up over the first `warmUp` of a phase, then a cosine down to `last` of the peak.
double scheduledRate(double peak, double fraction, double warmUp, double last);

} // namespace tessera::models
