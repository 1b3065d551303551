#include "ui/icon.h"

#include <array>
#include <string_view>

#include <QPainter>
#include <QPainterPath>
#include <QTextStream>

namespace tessera::ui
{

namespace
{

constexpr double kGrid = 24.0;
constexpr double kStroke = 1.7;

// Paths: M, L, C, Z as in SVG, absolute, with spaces between all parts; O x y radius is a circle, R x y width height
// radius a rounded rectangle. `strokes` are outlined, `fills` are filled.
struct Drawing {
    std::string_view name;
    const char *strokes;
    const char *fills;
};

constexpr std::array kDrawings{
    Drawing{"new",
            "M 13.5 3 L 6 3 L 6 21 L 19 21 L 19 8.5 Z M 13.5 3 L 13.5 8.5 L 19 8.5 M 12.5 11.5 L 12.5 17.5 "
            "M 9.5 14.5 L 15.5 14.5",
            ""},
    Drawing{"open", "M 3 19 L 3 5 L 9 5 L 11 7.5 L 19 7.5 L 19 10.5 M 3 19 L 6.2 10.5 L 22 10.5 L 18.8 19 Z", ""},
    Drawing{"savePicture",
            "M 12 18 L 4.5 18 L 4.5 4 L 20.5 4 L 20.5 10.5 M 4.5 14.5 L 9.5 9.5 L 14 14 "
            "M 18 13 L 18 21 M 14.8 18 L 18 21.2 L 21.2 18",
            "O 15.8 8.2 1.5"},
    Drawing{"saveMap",
            "M 11.5 18.5 L 9 17.5 L 3 20 L 3 6 L 9 3.5 L 15 6 L 21 3.5 L 21 10.5 M 9 3.5 L 9 17.5 "
            "M 15 6 L 15 11.5 M 18 13 L 18 21 M 14.8 18 L 18 21.2 L 21.2 18",
            ""},
    Drawing{"map", "M 3 6 L 9 3.5 L 15 6 L 21 3.5 L 21 18 L 15 20.5 L 9 18 L 3 20.5 Z M 9 3.5 L 9 18 M 15 6 L 15 20.5",
            ""},
    Drawing{"picture", "R 3 4 18 16 2 M 3.5 17.5 L 9 11.5 L 14 17 L 16.5 14.5 L 20.5 18.5", "O 16 9 1.6"},
    Drawing{"undo",
            "M 8.5 4.5 L 3.5 9.5 L 8.5 14.5 M 3.5 9.5 L 14.5 9.5 C 18.4 9.5 20.5 12 20.5 14.8 "
            "C 20.5 17.6 18.4 20 14.5 20 L 10 20",
            ""},
    Drawing{"redo",
            "M 15.5 4.5 L 20.5 9.5 L 15.5 14.5 M 20.5 9.5 L 9.5 9.5 C 5.6 9.5 3.5 12 3.5 14.8 "
            "C 3.5 17.6 5.6 20 9.5 20 L 14 20",
            ""},
    Drawing{"brush",
            "M 9.8 12.2 L 18.6 3.6 C 19.4 2.9 20.6 2.9 21.2 3.6 C 21.8 4.2 21.7 5.3 21 6.1 L 12.6 14.9 "
            "M 8.6 12.6 C 5.9 12.6 5.2 14.8 4.9 16.9 C 4.7 18.4 4 19.6 2.8 20.2 C 6.6 21.6 12.3 20.9 12.3 16.2 "
            "C 12.3 14.2 10.8 12.6 8.6 12.6 Z",
            ""},
    Drawing{"eraser",
            "M 8.4 20 L 3.6 15.2 C 3 14.6 3 13.8 3.6 13.2 L 12.8 4 C 13.4 3.4 14.2 3.4 14.8 4 L 20 9.2 "
            "C 20.6 9.8 20.6 10.6 20 11.2 L 11.2 20 Z M 8.2 8.6 L 15.4 15.8 M 11.2 20 L 21 20",
            ""},
    Drawing{
        "fill",
        "M 10 5.2 L 17.6 12.8 L 10.9 19.5 C 10.3 20.1 9.5 20.1 8.9 19.5 L 3.3 13.9 "
        "C 2.7 13.3 2.7 12.5 3.3 11.9 Z M 10 5.2 L 7.4 2.6 M 3.2 12.8 L 17.6 12.8",
        "M 20.3 14.5 C 21.6 16.5 22.3 17.6 22.3 18.7 C 22.3 19.9 21.4 20.8 20.3 20.8 C 19.2 20.8 18.3 19.9 18.3 18.7 "
        "C 18.3 17.6 19 16.5 20.3 14.5 Z"},
    Drawing{"rectangle", "R 3.5 6 17 12.5 1", ""},
    Drawing{"gradient", "R 3.5 4 17 16 2", "R 5.8 13.6 12.4 4.2 1 R 5.8 10.2 12.4 2 0.6 R 5.8 7.6 12.4 1.1 0.4"},
    Drawing{"surprise", "",
            "M 10 2.6 C 10.8 8 12.5 9.8 17.9 10.6 C 12.5 11.4 10.8 13.2 10 18.6 C 9.2 13.2 7.5 11.4 2.1 10.6 "
            "C 7.5 9.8 9.2 8 10 2.6 Z "
            "M 18 13.6 C 18.4 16.4 19.2 17.2 22 17.6 C 19.2 18 18.4 18.8 18 21.6 C 17.6 18.8 16.8 18 14 17.6 "
            "C 16.8 17.2 17.6 16.4 18 13.6 Z"},
    Drawing{"picker",
            "M 12.6 8.2 L 15.8 11.4 L 8.4 18.8 C 7.8 19.4 7 19.7 6.2 19.7 L 3.6 20.4 L 4.3 17.8 "
            "C 4.3 17 4.6 16.2 5.2 15.6 Z M 10.8 6.6 L 17.4 13.2",
            "M 13.4 7.4 L 16.6 4.2 C 17.7 3.1 19.2 3.1 20.1 3.9 C 20.9 4.8 20.9 6.3 19.8 7.4 L 16.6 10.6 Z"},
    Drawing{"zoomIn", "O 10.5 10.5 6.8 M 15.5 15.5 L 21 21 M 10.5 7.5 L 10.5 13.5 M 7.5 10.5 L 13.5 10.5", ""},
    Drawing{"zoomOut", "O 10.5 10.5 6.8 M 15.5 15.5 L 21 21 M 7.5 10.5 L 13.5 10.5", ""},
    Drawing{"search", "O 10.5 10.5 6.8 M 15.5 15.5 L 21 21", ""},
    Drawing{"fit", "M 4 9 L 4 4 L 9 4 M 15 4 L 20 4 L 20 9 M 20 15 L 20 20 L 15 20 M 9 20 L 4 20 L 4 15", ""},
    Drawing{"render", "", "M 7 4.2 L 19.8 12 L 7 19.8 Z"},
    Drawing{"stop", "", "R 6 6 12 12 2"},
    Drawing{"dice", "R 3.5 3.5 17 17 3.5", "O 8 8 1.5 O 16 8 1.5 O 12 12 1.5 O 8 16 1.5 O 16 16 1.5"},
    Drawing{"model",
            "M 12 2.8 L 20.2 7.4 L 20.2 16.6 L 12 21.2 L 3.8 16.6 L 3.8 7.4 Z M 3.8 7.4 L 12 12 L 20.2 7.4 "
            "M 12 12 L 12 21.2",
            ""},
    Drawing{"close", "M 6 6 L 18 18 M 18 6 L 6 18", ""},
    Drawing{"warning", "M 12 3.6 L 21.6 20 L 2.4 20 Z M 12 9.8 L 12 14.4", "O 12 17.1 1.1"},
    Drawing{"info", "O 12 12 9 M 12 11 L 12 16.6", "O 12 7.6 1.1"},
    Drawing{"down", "M 6 9.2 L 12 15.2 L 18 9.2", ""},
    Drawing{"up", "M 12 20 L 12 5 M 5.5 11.5 L 12 5 L 18.5 11.5", ""},
    Drawing{"folder", "M 3 19 L 3 5 L 9 5 L 11 7.5 L 21 7.5 L 21 19 Z", ""},
    Drawing{"home", "M 3.5 11.5 L 12 4 L 20.5 11.5 M 6 9.5 L 6 20 L 18 20 L 18 9.5", ""},
};

const Drawing *findDrawing(const QString &name)
{
    const std::string wanted = name.toStdString();
    for (const Drawing &drawing : kDrawings) {
        if (drawing.name == wanted)
            return &drawing;
    }
    return nullptr;
}

QPointF readPoint(QTextStream &stream)
{
    double x = 0;
    double y = 0;
    stream >> x >> y;
    return {x, y};
}

void addCurve(QTextStream &stream, QPainterPath &path)
{
    const QPointF first = readPoint(stream);
    const QPointF second = readPoint(stream);
    path.cubicTo(first, second, readPoint(stream));
}

void addCircle(QTextStream &stream, QPainterPath &path)
{
    const QPointF centre = readPoint(stream);
    double radius = 0;
    stream >> radius;
    path.addEllipse(centre, radius, radius);
}

void addRectangle(QTextStream &stream, QPainterPath &path)
{
    const QPointF corner = readPoint(stream);
    const QPointF size = readPoint(stream);
    double radius = 0;
    stream >> radius;
    path.addRoundedRect(QRectF(corner, QSizeF(size.x(), size.y())), radius, radius);
}

QPainterPath parsePath(const char *text)
{
    QPainterPath path;
    QString source = QString::fromLatin1(text);
    QTextStream stream(&source);
    QString command;
    for (stream >> command; !command.isEmpty(); stream >> command) {
        switch (command.at(0).toLatin1()) {
        case 'M':
            path.moveTo(readPoint(stream));
            break;
        case 'L':
            path.lineTo(readPoint(stream));
            break;
        case 'C':
            addCurve(stream, path);
            break;
        case 'Z':
            path.closeSubpath();
            break;
        case 'O':
            addCircle(stream, path);
            break;
        case 'R':
            addRectangle(stream, path);
            break;
        default:
            Q_ASSERT_X(false, "parsePath", text);
        }
        command.clear();
    }
    return path;
}

} // namespace

Icon::Icon(QQuickItem *parent) : QQuickPaintedItem(parent)
{
    setImplicitSize(20, 20);
    setAntialiasing(true);
}

void Icon::setName(const QString &name)
{
    if (m_name == name)
        return;
    m_name = name;
    update();
    Q_EMIT nameChanged();
}

void Icon::setColor(const QColor &color)
{
    if (m_color == color)
        return;
    m_color = color;
    update();
    Q_EMIT colorChanged();
}

void Icon::paint(QPainter *painter)
{
    const Drawing *drawing = findDrawing(m_name);
    if (!drawing)
        return;
    painter->setRenderHint(QPainter::Antialiasing);
    painter->scale(width() / kGrid, height() / kGrid);
    painter->strokePath(parsePath(drawing->strokes),
                        QPen(m_color, kStroke, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter->fillPath(parsePath(drawing->fills), m_color);
}

QStringList iconNames()
{
    QStringList names;
    for (const Drawing &drawing : kDrawings)
        names.append(QString::fromLatin1(drawing.name.data(), qsizetype(drawing.name.size())));
    return names;
}

} // namespace tessera::ui
