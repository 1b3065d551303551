// The pictures on both sides of steps of the documents' undo histories: undo and redo of such a step exchange them,
// unless another picture is shown than on either side. The choices for the scene go with them, unless others were made
// since. A step is kept as long as its history holds it, so that nothing unsaved is lost before. UI thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ui/mapdocument.h"
#include "ui/picture.h"
#include "ui/rendersettings.h"

namespace tessera::ui
{

class PictureSteps
{
public:
    struct Side {
        quint64 state = 0; // of the document
        Picture::Content picture;
        std::map<std::string, std::string> choices; // see RenderSettings::choices
    };

    // REQUIRES: the states differ, and the document lives as long as this.
    void add(const MapDocument &document, const Side &before, const Side &after);
    // To be called when a document has reached another state. Forgets the steps that its history holds no longer.
    void follow(const MapDocument &document, Picture &picture, RenderSettings &settings);
    void markSaved(const Picture::Content &picture);
    // Another picture is made: none of these comes back.
    void clear() { m_steps.clear(); }
    // Whether a picture that can come back is not saved.
    bool unsaved() const;

private:
    struct Step {
        const MapDocument *document;
        Side before;
        Side after;
    };

    std::vector<Step> m_steps;
};

} // namespace tessera::ui
