#include "ui/foldermodel.h"

#include <gtest/gtest.h>

#include <QDir>
#include <QTemporaryDir>

namespace tessera::ui
{

namespace
{

void touch(const QString &path)
{
    QFile file(path);
    ASSERT_TRUE(file.open(QIODevice::WriteOnly));
}

TEST(FolderModel, ShowsFoldersFirstThenFittingFiles)
{
    const QTemporaryDir folder;
    QDir(folder.path()).mkdir("zebra");
    touch(folder.filePath("b.png"));
    touch(folder.filePath("A.PNG"));
    touch(folder.filePath("notes.txt"));
    FolderModel model;
    model.setNameFilters({"*.png"});
    model.setPath(folder.path());

    QStringList names;
    for (int row = 0; row < model.rowCount(); ++row)
        names.append(model.data(model.index(row), FolderModel::NameRole).toString());

    EXPECT_EQ(names, QStringList({"zebra", "A.PNG", "b.png"}));
    EXPECT_TRUE(model.data(model.index(0), FolderModel::IsFolderRole).toBool());
}

TEST(FolderModel, APathThatIsNoFolderChangesNothing)
{
    const QTemporaryDir folder;
    FolderModel model;
    model.setPath(folder.path());
    model.setPath(folder.filePath("missing"));
    EXPECT_EQ(model.path(), folder.path());
    model.goUp();
    EXPECT_EQ(model.path(), QFileInfo(folder.path()).absolutePath());
}

TEST(FolderModel, NamesBecomeAbsolute)
{
    const QTemporaryDir folder;
    FolderModel model;
    model.setPath(folder.path());
    EXPECT_EQ(model.absolute("a/../b.png"), folder.filePath("b.png"));
    EXPECT_EQ(model.absolute("~/c.png"), QDir::homePath() + "/c.png");
    EXPECT_EQ(model.url("b.png"), QUrl::fromLocalFile(folder.filePath("b.png")));
}

} // namespace

} // namespace tessera::ui
