// The painter's command line on a machine without a display.

#include <gtest/gtest.h>

#include <QProcess>

namespace tessera::tests
{

namespace
{

struct Outcome {
    int exitCode = -1;
    bool crashed = true;
    QByteArray out;
    QByteArray err;
};

Outcome runPainter(const QStringList &arguments)
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    for (const char *variable : {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"})
        environment.remove(variable);
    QProcess process;
    process.setProcessEnvironment(environment);
    process.start(TESSERA_PAINTER, arguments);
    if (!process.waitForFinished(30'000))
        return {};
    return {process.exitCode(), process.exitStatus() == QProcess::CrashExit, process.readAllStandardOutput(),
            process.readAllStandardError()};
}

TEST(PainterCommandLine, HelpAndVersionNeedNoDisplay)
{
    const Outcome help = runPainter({"--help"});
    EXPECT_EQ(help.exitCode, 0);
    EXPECT_TRUE(help.out.contains("--model"));
    const Outcome version = runPainter({"--version"});
    EXPECT_EQ(version.exitCode, 0);
    EXPECT_TRUE(version.out.startsWith("tessera "));
}

TEST(PainterCommandLine, WrongUsageIsTwoAndSaid)
{
    for (const QStringList &arguments :
         {QStringList{"--colour"}, QStringList{"--help-all"}, QStringList{"--threads", "many"},
          QStringList{"--threads", "100000"}, QStringList{"--model", ""}, QStringList{"--paint-from", "water"},
          QStringList{"--device", "tpu"}, QStringList{"a.png", "b.png"}}) {
        const Outcome wrong = runPainter(arguments);
        EXPECT_EQ(wrong.exitCode, 2) << arguments.join(' ').toStdString();
        EXPECT_TRUE(wrong.err.contains("tessera --help"));
    }
}

TEST(PainterCommandLine, AMissingDisplayIsSaidInsteadOfACrash)
{
    const Outcome outcome = runPainter({});
    EXPECT_FALSE(outcome.crashed);
    EXPECT_EQ(outcome.exitCode, 1);
    EXPECT_TRUE(outcome.err.contains("no display"));
    EXPECT_EQ(outcome.err.count('\n'), 1);
}

TEST(PainterCommandLine, QtsOwnOptionsPass)
{
    const Outcome outcome = runPainter({"-platform", "offscreen", "--threads", "many"});
    EXPECT_EQ(outcome.exitCode, 2);
    EXPECT_TRUE(outcome.err.contains("--threads"));
}

TEST(PainterCommandLine, WhatASessionManagerAddsPasses)
{
    const Outcome outcome = runPainter({"-session", "1_2", "-reverse", "-title", "A map", "--icon", "a.png",
                                        "-qmljsdebugger=port:1", "--threads", "many"});
    EXPECT_EQ(outcome.exitCode, 2);
    EXPECT_TRUE(outcome.err.contains("--threads")) << outcome.err.toStdString();
}

TEST(PainterCommandLine, AFileWhoseNameEndsLikeAnOptionNamesNoDisplay)
{
    const Outcome outcome = runPainter({"my-display"});
    EXPECT_FALSE(outcome.crashed);
    EXPECT_EQ(outcome.exitCode, 1);
    EXPECT_TRUE(outcome.err.contains("no display"));
}

} // namespace

} // namespace tessera::tests
