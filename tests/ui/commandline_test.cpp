// The painter's command line on a machine without a display.

#include <algorithm>

#include <gtest/gtest.h>

#include <QImage>
#include <QProcess>
#include <QTemporaryDir>

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
    environment.insert("QT_QUICK_BACKEND", "software");
    QProcess process;
    process.setProcessEnvironment(environment);
    process.start(TESSERA_PAINTER, arguments);
    if (!process.waitForFinished(30'000))
        return {};
    return {process.exitCode(), process.exitStatus() == QProcess::CrashExit, process.readAllStandardOutput(),
            process.readAllStandardError()};
}

// How much of the window shows the colour, once it has been opened with the arguments.
double shareShown(QRgb colour, const QStringList &arguments)
{
    const QTemporaryDir folder;
    const QString shot = folder.filePath("window.png");
    const Outcome outcome = runPainter(QStringList{"-platform", "offscreen", "--fake-renderer", "delay=0",
                                                   "--window-size", "1000x700", "--screenshot", shot}
                                       + arguments);
    EXPECT_EQ(outcome.exitCode, 0) << outcome.err.toStdString();
    const QImage window = QImage(shot).convertToFormat(QImage::Format_RGB32);
    int64_t pixels = 0;
    for (int y = 0; y < window.height(); ++y) {
        const auto *row = reinterpret_cast<const QRgb *>(window.constScanLine(y));
        pixels += std::count(row, row + window.width(), colour);
    }
    return double(pixels) / double(window.width() * window.height());
}

TEST(PainterCommandLine, TheFileAndTheModelThatAreNamedAreOpened)
{
    constexpr QRgb kFlower = qRgb(0x76, 0, 0); // of the label set
    const QTemporaryDir folder;
    const QString map = folder.filePath("map.png");
    QImage flowers(256, 256, QImage::Format_RGB32);
    flowers.fill(kFlower);
    ASSERT_TRUE(flowers.save(map));
    EXPECT_GT(shareShown(kFlower, {map}), 0.05);
    EXPECT_LT(shareShown(kFlower, {}), 0.01);                        // the example map
    EXPECT_LT(shareShown(kFlower, {map, "--model", "depth"}), 0.01); // the fake one of this name takes it for depth
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
