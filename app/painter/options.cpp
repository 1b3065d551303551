#include "app/painter/options.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <QCommandLineParser>

#include "app/common/devicename.h"
#include "app/common/threadlimit.h"

namespace tessera::app
{

namespace
{

QCommandLineOption hidden(const QString &name, const QString &value)
{
    QCommandLineOption option(name, {}, value);
    option.setFlags(QCommandLineOption::HiddenFromHelp);
    return option;
}

[[noreturn]] void endWithUsage(const QString &message)
{
    std::fprintf(stderr, "tessera: %s\nTry 'tessera --help'.\n", qPrintable(message));
    std::exit(2);
}

int threadsFrom(const QString &text)
{
    bool isNumber = false;
    const int threads = text.toInt(&isNumber);
    if (!isNumber || threads < 0 || threads > kMostThreads)
        endWithUsage(QString("--threads is '%1'; expected a whole number up to %2, 0 for all cores")
                         .arg(text)
                         .arg(kMostThreads));
    return threads;
}

QString deviceFrom(const QString &text)
{
    if (!isDeviceName(text.toStdString()))
        endWithUsage(QString("--device is '%1'; expected auto, cpu, cuda or cuda:N").arg(text));
    return text;
}

QString mapKindFrom(const QString &text)
{
    if (!QStringList{"labels", "depth", "edges"}.contains(text))
        endWithUsage(QString("--paint-from is '%1'; expected labels, depth or edges").arg(text));
    return text;
}

// An option's name, behind one dash or two; empty for what is none.
QString nameOfOption(const QString &argument)
{
    if (!argument.startsWith('-'))
        return {};
    return argument.mid(argument.startsWith("--") ? 2 : 1);
}

// Qt takes its own options away itself, but only when the window's application is made, which is later. The session's
// manager adds some of them when it starts the program again.
QStringList withoutQtOptions(const QStringList &arguments)
{
    static const QStringList kWithValue{
        "platform", "platformpluginpath", "platformtheme", "plugin",  "qwindowgeometry", "qwindowicon", "qwindowtitle",
        "display",  "geometry",           "icon",          "session", "style",           "title",       "name"};
    static const QStringList kAlone{"reverse", "testability", "nograb", "dograb"};
    QStringList ours;
    for (qsizetype i = 0; i < arguments.size(); ++i) {
        const QString name = nameOfOption(arguments[i]);
        if (kWithValue.contains(name))
            ++i;
        else if (!kAlone.contains(name) && !name.startsWith("qmljsdebugger=") && !name.startsWith("style="))
            ours.append(arguments[i]);
    }
    return ours;
}

} // namespace

bool choosesDisplay(const QStringList &arguments)
{
    return std::any_of(arguments.begin(), arguments.end(), [](const QString &argument) {
        const QString name = nameOfOption(argument);
        return name == "platform" || name == "display";
    });
}

PainterOptions parsePainterOptions(const QStringList &arguments)
{
    const QCommandLineOption model("model", "Model file or folder, or 'starter'.", "MODEL", "starter");
    const QCommandLineOption paintFrom("paint-from", "labels, depth or edges, with a model that takes several.",
                                       "KIND");
    const QCommandLineOption device("device", "auto, cpu or cuda[:N].", "DEVICE", "auto");
    const QCommandLineOption threads("threads", "Threads to render with; 0 for all cores.", "N", "0");
    const QCommandLineOption fake = hidden("fake-renderer", "SCRIPT");
    const QCommandLineOption screenshot = hidden("screenshot", "FILE");
    const QCommandLineOption scene = hidden("scene", "NAME");
    const QCommandLineOption windowSize = hidden("window-size", "WxH");

    QCommandLineParser parser;
    parser.setApplicationDescription("Paint a map and let a model turn it into a picture.");
    parser.addPositionalArgument("file", "A map to open, of the kind that is painted from.", "[FILE]");
    const QCommandLineOption help({"h", "help"}, "Displays help on commandline options."); // Qt's own offers more
    const QCommandLineOption version = parser.addVersionOption();
    parser.addOptions({help, model, paintFrom, device, threads, fake, screenshot, scene, windowSize});
    if (!parser.parse(withoutQtOptions(arguments)))
        endWithUsage(parser.errorText());
    if (parser.isSet(help))
        parser.showHelp(0);
    if (parser.isSet(version))
        parser.showVersion();
    if (parser.positionalArguments().size() > 1)
        endWithUsage("one file at most can be opened");

    PainterOptions options;
    options.file = parser.positionalArguments().value(0);
    options.model = parser.value(model);
    if (options.model.isEmpty())
        endWithUsage("--model is empty; expected a model's file or folder, or 'starter'");
    if (parser.isSet(paintFrom))
        options.paintFrom = mapKindFrom(parser.value(paintFrom));
    options.device = deviceFrom(parser.value(device));
    options.threads = threadsFrom(parser.value(threads));
    if (parser.isSet(fake))
        options.fakeRenderer = parser.value(fake);
    options.screenshot = parser.value(screenshot);
    options.scene = parser.value(scene);
    options.windowSize =
        parser.isSet(windowSize) || options.screenshot.isEmpty() ? parser.value(windowSize) : "1280x800";
    return options;
}

} // namespace tessera::app
