#include "ui/palettemodel.h"

#include <gtest/gtest.h>

#include <QSignalSpy>

namespace tessera::ui
{

namespace
{

core::LabelSet mixedSet()
{
    core::LabelSet set;
    set.title = "Mixed";
    set.labels = {{0, "void", {}, "", {}, {}, {}},
                  {1, "sky", {1, 2, 3}, "air", {"heaven"}, {}, {}},
                  {2, "lake", {}, "water", {"pond"}, {}, {}},
                  {3, "cloud", {}, "air", {}, {}, {}}};
    return set;
}

std::vector<int> shownLabels(const PaletteModel &model)
{
    std::vector<int> labels;
    for (int row = 0; row < model.rowCount(); ++row)
        labels.push_back(model.data(model.index(row), PaletteModel::LabelRole).toInt());
    return labels;
}

TEST(PaletteModel, GroupsStandTogetherWithoutVoid)
{
    PaletteModel model;
    model.setLabelSet(mixedSet());
    EXPECT_EQ(shownLabels(model), (std::vector{1, 3, 2}));
    EXPECT_EQ(model.data(model.index(1), PaletteModel::GroupRole).toString(), "air");
    EXPECT_EQ(model.data(model.index(2), PaletteModel::DigitRole).toString(), "3");
    EXPECT_EQ(model.colorOf(1), QColor(1, 2, 3));
}

TEST(PaletteModel, TheLabelInHandFollowsTheSet)
{
    PaletteModel model;
    model.setLabelSet(mixedSet());
    model.setCurrent(2);
    EXPECT_EQ(model.currentName(), "lake");
    const QSignalSpy told(&model, &PaletteModel::currentChanged);
    core::LabelSet other = mixedSet();
    other.labels[2].name = "glacier";
    other.labels[2].color = {7, 8, 9};
    model.setLabelSet(other);
    EXPECT_EQ(told.count(), 1);
    EXPECT_EQ(model.currentName(), "glacier");
    EXPECT_EQ(model.currentColor(), QColor(7, 8, 9));
}

TEST(PaletteModel, TheFilterFindsNamesAndSynonyms)
{
    PaletteModel model;
    model.setLabelSet(mixedSet());
    model.setFilter(" POND ");
    EXPECT_EQ(shownLabels(model), std::vector{2});
    EXPECT_EQ(model.firstVisible(), 2);
    EXPECT_EQ(model.rowOf(2), 0);
    EXPECT_EQ(model.rowOf(1), -1);
    EXPECT_EQ(model.labelForDigit(2), 3); // digits do not follow the filter
    model.setFilter("nothing of the kind");
    EXPECT_EQ(model.firstVisible(), -1);
    model.setFilter("");
    EXPECT_EQ(model.count(), 3);
}

TEST(PaletteModel, WhereVoidIsNotZeroLabelZeroIsPaintedWith)
{
    core::LabelSet set = mixedSet();
    set.labels[0] = {0, "person", {9, 8, 7}, "people", {}, {}, {}};
    set.voidLabel = 255;
    set.voidColor = {1, 1, 1};
    PaletteModel model;
    model.setLabelSet(set);
    EXPECT_EQ(shownLabels(model), (std::vector{0, 1, 3, 2}));
    EXPECT_EQ(model.labelForDigit(1), 0);
    EXPECT_EQ(model.nameOf(0), "person");
    EXPECT_EQ(model.colorOf(0), QColor(9, 8, 7));
    EXPECT_EQ(model.nameOf(255), "unpainted");
    EXPECT_EQ(model.colorOf(255), QColor(1, 1, 1));
}

TEST(PaletteModel, NumbersBeyondTheSetAreHarmless)
{
    PaletteModel model;
    model.setLabelSet(mixedSet());
    EXPECT_EQ(model.nameOf(200), "");
    EXPECT_EQ(model.nameOf(-1), "");
    EXPECT_EQ(model.labelForDigit(9), -1);
}

} // namespace

} // namespace tessera::ui
