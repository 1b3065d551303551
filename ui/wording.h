// Words for sentences, in the user's language.
#pragma once

#include <QCoreApplication>
#include <QStringList>

namespace tessera::ui
{

// "labels", "labels and depth", "labels, depth and edges".
inline QString listed(QStringList names)
{
    if (names.size() < 2)
        return names.value(0);
    const QString last = names.takeLast();
    return QCoreApplication::translate("Wording", "%1 and %2").arg(names.join(", "), last);
}

} // namespace tessera::ui
