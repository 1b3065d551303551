#include "models/digest.h"

#include <gtest/gtest.h>

namespace tessera::models
{
namespace
{

// Of the authors' own list; what lies in files goes by these numbers.
TEST(Digest, IsFnv1a)
{
    EXPECT_EQ(digestOf(""), 0xcbf29ce484222325ULL);
    EXPECT_EQ(digestOf("a"), 0xaf63dc4c8601ec8cULL);
    EXPECT_EQ(digestOf("foobar"), 0x85944171f73967e8ULL);
    EXPECT_EQ(digestOf("foobar", 1), digestOf("f"));
}

} // namespace
} // namespace tessera::models
