// What a model is and needs, in words for the artist. UI thread: the words are translated.
#pragma once

#include <QString>
#include <QVariantList>

#include "ui/renderbackend.h"

namespace tessera::ui
{

QString deviceTitle(const std::string &device); // "CPU", "GPU 0"

// Maps with "title" and "value", in the order to be shown. What the file does not say is left out.
QVariantList modelFacts(const LoadedModel &model);

} // namespace tessera::ui
