#!/usr/bin/env bash
# Gson 2.10: a number that is too large for an int is refused when it is read from text, and silently becomes another one when the same JSON
# was parsed into a JsonObject first: (int) of the long. Who looks at a member of an event before binding it to a class reads this way; a
# message_id beyond 31 bits is then another message's.
#
# Seen: from text JsonSyntaxException, from a tree -1046893336.
#
# Needs a JDK and Debian 12's packages (after `apt-get update`).
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && apt-get download -qq -o APT::Sandbox::User=root libgoogle-gson-java=2.10-1 && dpkg -x libgoogle-gson-java_*.deb .)

cat >"$folder/Seen.java" <<'JAVA'
import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonSyntaxException;

class Seen {
    static class Message {
        Integer message_id;
    }

    public static void main(String[] arguments) {
        String text = "{\"message_id\": 3248073960}";
        Gson gson = new Gson();
        String fromText;
        try {
            fromText = "" + gson.fromJson(text, Message.class).message_id;
        } catch (JsonSyntaxException failure) {
            fromText = "JsonSyntaxException";
        }
        int fromTree = gson.fromJson(gson.fromJson(text, JsonObject.class), Message.class).message_id;
        System.out.println("gson 2.10: from text " + fromText + ", from a tree " + fromTree);
        System.exit(fromText.equals("JsonSyntaxException") && fromTree == -1046893336 ? 0 : 1);
    }
}
JAVA
java -cp "$folder/usr/share/java/gson.jar" "$folder/Seen.java"
