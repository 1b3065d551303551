// Who has the keyboard, and what its keys do there, in the real window.

#include <gtest/gtest.h>

#include <semaphore>

#include <QAccessible>
#include <QDir>
#include <QTemporaryDir>

#include "listener.h"

namespace tessera::tests
{

namespace
{

constexpr int kSky = 1;

bool focused(PainterWindow &painter, const QString &objectName)
{
    return QTest::qWaitFor(
        [&] {
            const QQuickItem *item = painter.item(objectName);
            return item && item->hasActiveFocus();
        },
        kWaitMs);
}

int shownChoice(PainterWindow &painter, const QString &box)
{
    return painter.item(box)->property("currentIndex").toInt();
}

// What a screen reader is told.
QAccessibleInterface &heard(PainterWindow &painter, const QString &objectName)
{
    QAccessibleInterface *found = QAccessible::queryAccessibleInterface(painter.item(objectName));
    if (!found)
        qFatal("nothing to hear: %s", qPrintable(objectName));
    return *found;
}

bool listOpen(PainterWindow &painter, const QString &box)
{
    return painter.item(box)->property("down").toBool();
}

TEST(Keyboard, AListOpenedWithTheMouseReadsKeysAndGivesThemBack)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel());
    painter.grab(); // the panel has its new choices in place
    painter.click("control_light");
    ASSERT_TRUE(QTest::qWaitFor([&] { return listOpen(painter, "control_light"); }, kWaitMs));
    painter.key(Qt::Key_Down);
    painter.key(Qt::Key_Return);
    ASSERT_TRUE(QTest::qWaitFor([&] { return !listOpen(painter, "control_light"); }, kWaitMs));
    EXPECT_EQ(shownChoice(painter, "control_light"), 1);
    EXPECT_TRUE(focused(painter, "mapCanvas"));

    painter.click("control_light");
    ASSERT_TRUE(QTest::qWaitFor([&] { return listOpen(painter, "control_light"); }, kWaitMs));
    painter.key(Qt::Key_Escape);
    EXPECT_TRUE(QTest::qWaitFor([&] { return !listOpen(painter, "control_light"); }, kWaitMs));
    EXPECT_EQ(shownChoice(painter, "control_light"), 1);
    painter.key(Qt::Key_R);
    EXPECT_EQ(painter.session.tools()->tool(), ui::PaintTools::Rectangle);
}

TEST(Keyboard, LabelsAreOneStopAndArrowsReachAllOfThem)
{
    PainterWindow painter;
    painter.session.tools()->setLabel(kSky);
    painter.key(Qt::Key_F, Qt::ControlModifier);
    ASSERT_TRUE(focused(painter, "labelSearch"));
    painter.key(Qt::Key_Tab);
    ASSERT_TRUE(focused(painter, "labelList"));

    const int count = painter.item("labelList")->property("count").toInt();
    for (int i = 0; i < count + 2; ++i)
        painter.key(Qt::Key_Down);
    painter.key(Qt::Key_Return);

    const int last = painter.session.tools()->label();
    EXPECT_NE(last, kSky);
    EXPECT_EQ(painter.session.palette()->rowOf(last), count - 1);
    EXPECT_TRUE(focused(painter, "mapCanvas"));
}

TEST(Keyboard, EscapeClearsTheSearchAndLeavesTheRenderAlone)
{
    std::counting_semaphore<100000> permits(0);
    ui::FakeScript script;
    script.beforeCode = [&](int) { permits.acquire(); };
    PainterWindow painter(script);
    ASSERT_TRUE(painter.loadModel());
    painter.key(Qt::Key_Return, Qt::ControlModifier);
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.session.controller()->busy(); }, kWaitMs));

    painter.key(Qt::Key_F, Qt::ControlModifier);
    painter.type("watxx");
    EXPECT_EQ(painter.session.palette()->filter(), "watxx");
    painter.key(Qt::Key_Escape);
    EXPECT_EQ(painter.session.palette()->filter(), "");
    EXPECT_FALSE(painter.session.controller()->cancelling());

    painter.key(Qt::Key_Escape);
    EXPECT_TRUE(painter.session.controller()->cancelling());
    permits.release(100000);
    EXPECT_TRUE(QTest::qWaitFor([&] { return !painter.session.controller()->busy(); }, kWaitMs));
}

TEST(Keyboard, EscapeLeavesTheSeedAndTheRenderAlone)
{
    std::counting_semaphore<100000> permits(0);
    ui::FakeScript script;
    script.beforeCode = [&](int) { permits.acquire(); };
    PainterWindow painter(script);
    ASSERT_TRUE(painter.loadModel());
    painter.grab(); // the panel has its new choices in place
    painter.session.render();
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.session.controller()->busy(); }, kWaitMs));

    painter.click("seedField");
    EXPECT_TRUE(focused(painter, "seedField"));
    painter.key(Qt::Key_Escape);
    EXPECT_FALSE(painter.session.controller()->cancelling());
    EXPECT_TRUE(focused(painter, "mapCanvas"));

    painter.key(Qt::Key_Escape);
    EXPECT_TRUE(painter.session.controller()->cancelling());
    permits.release(100000);
    EXPECT_TRUE(QTest::qWaitFor([&] { return !painter.session.controller()->busy(); }, kWaitMs));
}

TEST(Keyboard, EscapeDismissesAMessage)
{
    PainterWindow painter;
    painter.session.notices()->show(ui::Notices::Info, "Something", "to read");
    EXPECT_TRUE(painter.shown("banner"));
    painter.key(Qt::Key_Escape);
    EXPECT_FALSE(painter.shown("banner"));
}

TEST(Keyboard, ReturnOnTheQuestionBeforeLeavingStays)
{
    PainterWindow painter;
    painter.stroke({100, 100}, {300, 150});
    painter.key(Qt::Key_Q, Qt::ControlModifier);
    ASSERT_TRUE(focused(painter, "stayButton"));
    painter.key(Qt::Key_Return);
    EXPECT_TRUE(QTest::qWaitFor([&] { return !painter.shown("quitText"); }, kWaitMs));
    EXPECT_TRUE(painter.window->isVisible());
}

TEST(Keyboard, AnEmptiedSeedIsThereAgain)
{
    PainterWindow painter;
    painter.session.settings()->setSeed(4294967295.0);
    painter.click("seedField");
    ASSERT_TRUE(focused(painter, "seedField"));
    painter.key(Qt::Key_A, Qt::ControlModifier);
    painter.key(Qt::Key_Delete);
    EXPECT_EQ(painter.text("seedField"), "");
    painter.canvas()->forceActiveFocus();
    EXPECT_EQ(painter.text("seedField"), "4294967295");
    painter.session.settings()->setSeed(7);
    EXPECT_EQ(painter.text("seedField"), "7");
    const QQuickItem *field = painter.item("seedField");
    EXPECT_GE(field->width(), field->property("contentWidth").toDouble() + 14);
}

TEST(Keyboard, ATypedSeedIsUsedAtOnceAndReturnGivesTheKeysBack)
{
    Listener listener;
    PainterWindow painter(listener.script());
    ASSERT_TRUE(painter.loadModel());
    painter.grab(); // the panel has its new choices in place
    painter.click("seedField");
    ASSERT_TRUE(focused(painter, "seedField"));
    painter.key(Qt::Key_A, Qt::ControlModifier);
    painter.type("77");
    EXPECT_EQ(listener.asked(painter).seed, 77u);
    painter.key(Qt::Key_Return);
    EXPECT_TRUE(focused(painter, "mapCanvas"));
    painter.key(Qt::Key_E);
    EXPECT_EQ(painter.session.tools()->tool(), ui::PaintTools::Eraser);
}

TEST(Keyboard, TheSpeedIsChosenFromAList)
{
    PainterWindow painter;
    EXPECT_FALSE(painter.shown("speedBox")); // without a model
    ASSERT_TRUE(painter.loadModel());
    painter.session.settings()->setTemperature(0.7);
    painter.item("speedBox")->forceActiveFocus(Qt::TabFocusReason);
    painter.key(Qt::Key_Down);
    ASSERT_TRUE(QTest::qWaitFor(
        [&] { return painter.session.controller()->modelState() == ui::RenderController::Ready; }, kWaitMs));
    EXPECT_TRUE(painter.session.controller()->fast());
    EXPECT_EQ(shownChoice(painter, "speedBox"), 1);
    EXPECT_DOUBLE_EQ(painter.session.settings()->temperature(), 0.7); // the same model
    ASSERT_TRUE(painter.loadModel("stage.ckpt")); // which has nothing to speed up
    EXPECT_FALSE(painter.shown("speedBox"));
}

TEST(Keyboard, APressElsewhereLeavesAField)
{
    Listener listener;
    PainterWindow painter(listener.script());
    ASSERT_TRUE(painter.loadModel());
    painter.grab();
    for (const char *elsewhere : {"rerollButton", "temperatureSlider", "renderButton", "eraserTool"}) {
        painter.click("seedField");
        ASSERT_TRUE(focused(painter, "seedField"));
        painter.click("seedField"); // to place the cursor
        EXPECT_TRUE(focused(painter, "seedField"));
        painter.click(elsewhere);
        EXPECT_TRUE(focused(painter, "mapCanvas")) << elsewhere;
    }
    EXPECT_EQ(painter.session.tools()->tool(), ui::PaintTools::Eraser); // the press itself counts
    painter.key(Qt::Key_B);
    EXPECT_EQ(painter.session.tools()->tool(), ui::PaintTools::Brush);
}

TEST(Keyboard, ReturnPressesEveryButton)
{
    PainterWindow painter;
    painter.item("eraserTool")->forceActiveFocus(Qt::TabFocusReason);
    painter.key(Qt::Key_Return);
    EXPECT_EQ(painter.session.tools()->tool(), ui::PaintTools::Eraser);
    painter.item("modelButton")->forceActiveFocus(Qt::TabFocusReason);
    painter.key(Qt::Key_Return);
    EXPECT_TRUE(QTest::qWaitFor([&] { return painter.shown("closeModelCard"); }, kWaitMs));
}

TEST(Keyboard, ClassesAreOneStopAndArrowsReachThem)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel("class.ckpt"));
    painter.session.classes()->setCurrent(30);
    painter.key(Qt::Key_F, Qt::ControlModifier);
    ASSERT_TRUE(focused(painter, "classSearch"));
    painter.key(Qt::Key_Tab);
    ASSERT_TRUE(focused(painter, "classList"));
    for (int i = 0; i < 40; ++i)
        painter.key(Qt::Key_Down);
    painter.key(Qt::Key_Return);
    EXPECT_EQ(painter.session.classes()->current(), 70);
    EXPECT_TRUE(focused(painter, "pictureCanvas"));
}

TEST(Keyboard, TheChosenLabelAndTheOneAtHandAreHeard)
{
    PainterWindow painter;
    const ui::PaletteModel &palette = *painter.session.palette();
    painter.session.tools()->setLabel(kSky);
    painter.key(Qt::Key_F, Qt::ControlModifier);
    painter.key(Qt::Key_Tab);
    ASSERT_TRUE(focused(painter, "labelList"));
    const QAccessibleInterface &list = heard(painter, "labelList");
    EXPECT_EQ(list.text(QAccessible::Description), palette.nameOf(kSky));
    const QAccessibleInterface &sky = heard(painter, QString("label%1").arg(kSky));
    EXPECT_EQ(sky.role(), QAccessible::ListItem);
    EXPECT_TRUE(sky.state().selected);
    EXPECT_TRUE(sky.state().focused);

    painter.key(Qt::Key_Down);
    const QModelIndex next = palette.index(palette.rowOf(kSky) + 1);
    const int label = palette.data(next, ui::PaletteModel::LabelRole).toInt();
    EXPECT_EQ(list.text(QAccessible::Description), palette.nameOf(label));
    EXPECT_TRUE(sky.state().selected); // until Return
    EXPECT_FALSE(sky.state().focused);
    EXPECT_TRUE(heard(painter, QString("label%1").arg(label)).state().focused);
    EXPECT_FALSE(heard(painter, QString("label%1").arg(label)).state().selected);
}

TEST(Keyboard, TheChosenClassIsHeard)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel("class.ckpt"));
    painter.session.classes()->setCurrent(2);
    painter.grab(); // the list is in place
    EXPECT_EQ(heard(painter, "class2").role(), QAccessible::ListItem);
    EXPECT_TRUE(heard(painter, "class2").state().selected);
    EXPECT_FALSE(heard(painter, "class3").state().selected);
    heard(painter, "class3").actionInterface()->doAction(QAccessibleActionInterface::pressAction());
    EXPECT_EQ(painter.session.classes()->current(), 3);
    EXPECT_TRUE(heard(painter, "class3").state().selected);
}

TEST(Keyboard, TheToolInHandIsHeardAndStaysWhenPressedAgain)
{
    PainterWindow painter;
    const QAccessibleInterface &brush = heard(painter, "brushTool");
    EXPECT_TRUE(brush.state().checkable);
    EXPECT_TRUE(brush.state().checked);
    painter.click("brushTool");
    EXPECT_TRUE(brush.state().checked);
    painter.key(Qt::Key_E);
    EXPECT_FALSE(brush.state().checked);
    EXPECT_TRUE(heard(painter, "eraserTool").state().checked);
    heard(painter, "fillTool").actionInterface()->doAction(QAccessibleActionInterface::toggleAction());
    EXPECT_EQ(painter.session.tools()->tool(), ui::PaintTools::Fill);
    painter.click("rectangleTool");
    EXPECT_FALSE(heard(painter, "fillTool").state().checked);
    EXPECT_TRUE(heard(painter, "rectangleTool").state().checked);
}

TEST(Keyboard, FilesAreFoundOpenedAndNamedWithoutTheMouse)
{
    const QTemporaryDir folder;
    ASSERT_TRUE(QDir(folder.path()).mkdir("maps"));
    QImage map(300, 280, QImage::Format_Grayscale8);
    map.fill(kSky);
    for (int i = 0; i < 40; ++i)
        ASSERT_TRUE(map.save(folder.filePath(QString("maps/%1.png").arg(i, 2, 10, QChar('0')))));
    PainterWindow painter;
    painter.session.folder()->setPath(folder.path());
    painter.key(Qt::Key_O, Qt::ControlModifier);
    ASSERT_TRUE(focused(painter, "fileName"));
    painter.key(Qt::Key_Backtab, Qt::ShiftModifier);
    ASSERT_TRUE(focused(painter, "fileList"));
    painter.key(Qt::Key_Return); // into the folder
    EXPECT_EQ(painter.session.folder()->path(), folder.filePath("maps"));
    for (int i = 0; i < 35; ++i)
        painter.key(Qt::Key_Down);
    painter.key(Qt::Key_Return);
    ASSERT_TRUE(QTest::qWaitFor([&] { return !painter.shown("fileName"); }, kWaitMs));
    EXPECT_EQ(painter.session.document()->title(), "35.png");

    painter.key(Qt::Key_S, Qt::ControlModifier | Qt::ShiftModifier);
    ASSERT_TRUE(focused(painter, "fileName"));
    painter.key(Qt::Key_Backtab, Qt::ShiftModifier);
    ASSERT_TRUE(focused(painter, "fileList"));
    painter.key(Qt::Key_Return); // names the file; nothing is replaced unseen
    ASSERT_TRUE(focused(painter, "fileName"));
    EXPECT_TRUE(painter.text("fileWarning").contains("replaced"));
}

TEST(Keyboard, APaneReachedByTabIsFramed)
{
    PainterWindow painter;
    EXPECT_FALSE(painter.canvas()->visualFocus());
    painter.item("fitButton")->forceActiveFocus();
    painter.canvas()->forceActiveFocus(Qt::TabFocusReason);
    EXPECT_TRUE(painter.shown("mapFrame"));
    painter.stroke({100, 100}, {120, 100});
    EXPECT_FALSE(painter.shown("mapFrame"));
    painter.item("pictureCanvas")->forceActiveFocus(Qt::BacktabFocusReason);
    EXPECT_TRUE(painter.shown("pictureFrame"));
    painter.canvas()->forceActiveFocus();
    EXPECT_FALSE(painter.shown("pictureFrame"));
}

} // namespace

} // namespace tessera::tests
