#include "core/map/edithistory.h"

#include "core/map/strokes.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace tessera::core
{
namespace
{

void randomGesture(LabelMap &map, MapHistory<LabelMap> &history, std::mt19937 &random)
{
    history.beginGesture(map);
    const uint8_t label = uint8_t(1 + random() % 5);
    if (random() % 4 == 0) {
        history.addChange(
            floodFill(map, int(random() % unsigned(map.width)), int(random() % unsigned(map.height)), label));
    } else {
        PixelPoint place{double(random() % 80) - 10, double(random() % 60) - 10};
        for (int i = 0; i < 4; ++i) {
            const PixelPoint next{place.x + double(random() % 21) - 10, place.y + double(random() % 21) - 10};
            history.addChange(paintStroke(map, place, next, double(random() % 9), label));
            place = next;
        }
    }
    history.endGesture(map);
}

TEST(MapHistory, undoAndRedoGiveTheSameMaps)
{
    std::mt19937 random(3);
    LabelMap map(61, 43);
    MapHistory<LabelMap> history;
    std::vector<LabelMap> states{map};
    std::vector<uint64_t> ids{history.stateId()};
    for (int i = 0; i < 50; ++i) {
        const size_t steps = history.steps();
        randomGesture(map, history, random);
        if (history.steps() > steps) {
            states.push_back(map);
            ids.push_back(history.stateId());
        } else {
            EXPECT_EQ(map, states.back());
        }
    }
    ASSERT_GT(states.size(), 30u);
    for (size_t i = states.size() - 1; i > 0; --i) {
        ASSERT_TRUE(history.canUndo());
        EXPECT_FALSE(history.undo(map).empty());
        ASSERT_EQ(map, states[i - 1]);
        EXPECT_EQ(history.stateId(), ids[i - 1]);
    }
    EXPECT_FALSE(history.canUndo());
    EXPECT_TRUE(history.undo(map).empty());
    for (size_t i = 1; i < states.size(); ++i) {
        ASSERT_TRUE(history.canRedo());
        EXPECT_FALSE(history.redo(map).empty());
        ASSERT_EQ(map, states[i]);
        EXPECT_EQ(history.stateId(), ids[i]);
    }
    EXPECT_FALSE(history.canRedo());
    EXPECT_TRUE(history.redo(map).empty());
}

TEST(MapHistory, holdsTheStatesThatUndoAndRedoReach)
{
    LabelMap map(8, 8);
    MapHistory<LabelMap> history;
    std::vector<uint64_t> ids{history.stateId()};
    const auto step = [&](uint8_t label) {
        history.beginGesture(map);
        history.addChange(fillRect(map, {0, 0, 8, 8}, label));
        history.endGesture(map);
        ids.push_back(history.stateId());
    };
    step(1);
    step(2);
    history.undo(map);
    EXPECT_TRUE(history.holdsState(ids[0]) && history.holdsState(ids[1]) && history.holdsState(ids[2]));
    step(3);
    EXPECT_TRUE(history.holdsState(ids[0]) && history.holdsState(ids[3]));
    EXPECT_FALSE(history.holdsState(ids[2]));
    history.clear();
    EXPECT_FALSE(history.holdsState(ids[0]));
}

void paintPixel(LabelMap &map, MapHistory<LabelMap> &history, int x, int y, uint8_t label)
{
    history.beginGesture(map);
    history.addChange(fillRect(map, {x, y, 1, 1}, label));
    history.endGesture(map);
}

TEST(MapHistory, keepsOnlyTheChangedRectangle)
{
    LabelMap map(1000, 1000);
    MapHistory<LabelMap> history;
    history.beginGesture(map);
    history.addChange(fillRect(map, {10, 20, 3, 5}, 1));
    history.endGesture(map);
    EXPECT_EQ(history.bytes(), 30u);
    EXPECT_EQ(history.undo(map), (PixelRect{10, 20, 3, 5}));
    EXPECT_EQ(map, LabelMap(1000, 1000));
}

TEST(MapHistory, keepsLittleOfAThinLineAcrossTheMap)
{
    LabelMap map(1000, 1000);
    MapHistory<LabelMap> history;
    history.beginGesture(map);
    history.addChange(paintStroke(map, {3, 5}, {990, 995}, 4, 1));
    history.endGesture(map);
    const LabelMap painted = map;
    EXPECT_LT(history.bytes(), 2u * 1000 * 1000 / 4);
    EXPECT_FALSE(history.undo(map).empty());
    EXPECT_EQ(map, LabelMap(1000, 1000));
    history.redo(map);
    EXPECT_EQ(map, painted);
}

TEST(MapHistory, aNewGestureForgetsWhatCouldBeRedone)
{
    LabelMap map(4, 4);
    MapHistory<LabelMap> history;
    paintPixel(map, history, 0, 0, 1);
    paintPixel(map, history, 1, 0, 2);
    const uint64_t second = history.stateId();
    history.undo(map);
    paintPixel(map, history, 0, 0, 1); // changes nothing
    EXPECT_TRUE(history.canRedo());
    paintPixel(map, history, 2, 0, 3);
    EXPECT_FALSE(history.canRedo());
    EXPECT_NE(history.stateId(), second);
    EXPECT_EQ(history.steps(), 2u);
    EXPECT_EQ(history.bytes(), 4u);
}

TEST(MapHistory, dropsTheOldestBeyondTheBudget)
{
    LabelMap map(8, 8);
    MapHistory<LabelMap> history(10);
    std::vector<LabelMap> states{map};
    for (int i = 0; i < 8; ++i) {
        paintPixel(map, history, i, 0, 1);
        states.push_back(map);
    }
    EXPECT_EQ(history.steps(), 5u);
    EXPECT_EQ(history.bytes(), 10u);
    while (history.canUndo()) {
        history.undo(map);
    }
    EXPECT_EQ(map, states[3]);

    history.beginGesture(map);
    history.addChange(fillRect(map, map.rect(), 7));
    history.endGesture(map);
    EXPECT_EQ(history.steps(), 1u) << "the newest stays, however large";
    history.undo(map);
    EXPECT_EQ(map, states[3]);
}

TEST(MapHistory, cancellingPutsTheMapBack)
{
    LabelMap map(9, 9, 2);
    MapHistory<LabelMap> history;
    history.beginGesture(map);
    history.addChange(paintStroke(map, {4, 4}, {6, 4}, 3, 1));
    EXPECT_TRUE(history.gestureOpen());
    EXPECT_FALSE(history.canUndo());
    EXPECT_FALSE(history.cancelGesture(map).empty());
    EXPECT_EQ(map, LabelMap(9, 9, 2));
    EXPECT_FALSE(history.gestureOpen());
    EXPECT_EQ(history.steps(), 0u);
}

TEST(MapHistory, keepsMapsOfAnotherSizeWhole)
{
    LabelMap map(6, 4, 1);
    const LabelMap small = map;
    MapHistory<LabelMap> history;
    paintPixel(map, history, 2, 2, 5);
    const LabelMap painted = map;
    history.beginGesture(map);
    map = map.resizedNearest(12, 9);
    history.endGesture(map);
    const LabelMap large = map;
    EXPECT_EQ(history.undo(map), painted.rect());
    EXPECT_EQ(map, painted);
    history.undo(map);
    EXPECT_EQ(map, small);
    history.redo(map);
    EXPECT_EQ(history.redo(map), large.rect());
    EXPECT_EQ(map, large);
    const uint64_t before = history.stateId();
    history.clear();
    EXPECT_FALSE(history.canUndo() || history.canRedo());
    EXPECT_NE(history.stateId(), before);
}

TEST(MapHistory, keepsNumbersAsItKeepsLabels)
{
    FieldMap map{64, 32, std::vector<float>(64 * 32, -1.0f)};
    const FieldMap before = map;
    MapHistory<FieldMap> history;
    history.beginGesture(map);
    history.addChange(paintStroke(map, {10, 10}, {30, 12}, 6, 0.125f));
    history.endGesture(map);
    const FieldMap after = map;
    EXPECT_LT(history.bytes(), map.values.size() * sizeof(float));
    history.undo(map);
    EXPECT_EQ(map, before);
    history.redo(map);
    EXPECT_EQ(map, after);
}

} // namespace
} // namespace tessera::core
