#include "ui/picturesteps.h"

#include <algorithm>
#include <utility>

namespace tessera::ui
{

void PictureSteps::add(const MapDocument &document, const Side &before, const Side &after)
{
    m_steps.push_back({&document, before, after});
    m_states[&document] = after.state;
}

void PictureSteps::follow(const MapDocument &document, Picture &picture, RenderSettings &settings)
{
    std::erase_if(m_steps, [&](const Step &step) {
        return step.document == &document
               && !(document.holdsState(step.before.state) && document.holdsState(step.after.state));
    });
    const quint64 state = document.stateId(), last = std::exchange(m_states[&document], state);
    for (const Step &step : m_steps) {
        const bool undone = last == step.after.state && state == step.before.state;
        const bool redone = last == step.before.state && state == step.after.state;
        if (step.document != &document || !(undone || redone))
            continue;
        const Side &left = undone ? step.after : step.before;
        const Side &reached = undone ? step.before : step.after;
        if (step.pictures && picture.content() == left.picture)
            picture.setContent(reached.picture);
        settings.exchange(left.settings, reached.settings);
        return;
    }
}

std::vector<Picture::Content> PictureSteps::unsavedPictures() const
{
    std::vector<Picture::Content> pictures;
    for (const Step &step : m_steps)
        for (const Side *side : {&step.before, &step.after})
            if (side->picture.unsaved)
                pictures.push_back(side->picture);
    return pictures;
}

void PictureSteps::forgetPictures()
{
    for (Step &step : m_steps) {
        step.pictures = false;
        step.before.picture = step.after.picture = {};
    }
}

void PictureSteps::markSaved(const Picture::Content &picture)
{
    for (Step &step : m_steps)
        for (Side *side : {&step.before, &step.after})
            if (side->picture == picture)
                side->picture.unsaved = false;
}

} // namespace tessera::ui
