// The pictures on both sides of steps of the documents' undo histories: undo and redo of such a step exchange them,
// unless another picture is shown than on either side. Settings go with them, but for those that were changed since. A
// step is kept as long as its history holds it, so that nothing unsaved is lost before. UI thread.
#pragma once

#include <map>
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
        RenderSettings::Values settings;
    };

    // REQUIRES: the states differ, and the document lives as long as this.
    void add(const MapDocument &document, const Side &before, const Side &after);
    // To be called whenever a document may have reached another state. Forgets the steps that its history holds no
    // longer.
    void follow(const MapDocument &document, Picture &picture, RenderSettings &settings);
    void markSaved(const Picture::Content &picture);
    // Pictures that can come back and are not saved, the oldest first.
    std::vector<Picture::Content> unsavedPictures() const;
    // Another picture is made: none of these comes back, only their settings do.
    void forgetPictures();
    // Whether a picture that can come back is not saved.
    bool unsaved() const { return !unsavedPictures().empty(); }

private:
    struct Step {
        const MapDocument *document;
        Side before;
        Side after;
        bool pictures = true; // not forgotten
    };

    std::vector<Step> m_steps;
    std::map<const MapDocument *, quint64> m_states; // that documents were last seen in
};

} // namespace tessera::ui
