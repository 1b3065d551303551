#include "ui/picturesteps.h"

#include <algorithm>

namespace tessera::ui
{

void PictureSteps::add(const MapDocument &document, const Side &before, const Side &after)
{
    m_steps.push_back({&document, before, after});
}

void PictureSteps::follow(const MapDocument &document, Picture &picture, RenderSettings &settings)
{
    std::erase_if(m_steps, [&](const Step &step) {
        return step.document == &document
               && !(document.holdsState(step.before.state) && document.holdsState(step.after.state));
    });
    const quint64 state = document.stateId();
    for (const Step &step : m_steps) {
        if (step.document != &document)
            continue;
        const bool undone = state == step.before.state && picture.content() == step.after.picture;
        const bool redone = state == step.after.state && picture.content() == step.before.picture;
        if (undone || redone) {
            const Side &left = undone ? step.after : step.before;
            const Side &reached = undone ? step.before : step.after;
            picture.setContent(reached.picture);
            if (settings.choices() == left.choices)
                settings.choose(reached.choices);
            return;
        }
    }
}

void PictureSteps::markSaved(const Picture::Content &picture)
{
    for (Step &step : m_steps)
        for (Side *side : {&step.before, &step.after})
            if (side->picture == picture)
                side->picture.unsaved = false;
}

bool PictureSteps::unsaved() const
{
    return std::any_of(m_steps.begin(), m_steps.end(),
                       [](const Step &step) { return step.before.picture.unsaved || step.after.picture.unsaved; });
}

} // namespace tessera::ui
