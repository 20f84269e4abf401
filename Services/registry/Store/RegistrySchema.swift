import GRDB

/// The tables, as migrations in order. A migration that was released is never edited: a change is a new one.
enum RegistrySchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: clients, ports, edges, bots") { database in
            try database.create(table: "registry") { table in
                table.primaryKey("id", .integer).check { $0 == 1 }
                // The bit pattern of the registry's epoch: higher at every start.
                table.column("epoch_bits", .integer).notNull()
            }
            try database.create(table: ClientRecord.databaseTableName) { table in
                table.primaryKey("app_id", .text)
                table.column("client_token", .text).notNull().unique()
                // Compared by bytes (BINARY), as names are everywhere.
                table.column("client_name", .text).unique()
                table.column("edge_id", .text).notNull()
                table.column("instance", .text).notNull()
                table.column("session_bits", .integer).notNull()
                table.column("resume_seconds", .integer)
                table.column("kept_until", .integer)
            }
            try database.create(table: PortRecord.databaseTableName) { table in
                table.primaryKey("app_id", .text)
                table.column("client_token", .text).notNull().unique()
                table.column("edge_id", .text).notNull()
                table.column("instance", .text).notNull()
                table.column("port", .integer).notNull()
                table.column("expires_at", .integer).notNull()
            }
            try database.create(table: EdgeRecord.databaseTableName) { table in
                table.column("edge_id", .text).notNull()
                table.column("instance", .text).notNull()
                table.column("state", .text).notNull()
                table.column("changed_at", .integer).notNull()
                table.primaryKey(["edge_id", "instance"])
            }
            try database.create(table: BotRecord.databaseTableName) { table in
                table.primaryKey("self_id", .integer)
                table.column("epoch_bits", .integer).notNull()
                table.column("configured_index", .integer)
            }
        }
        migrator.registerMigration("2: clients that live on AMQP") { database in
            try database.alter(table: ClientRecord.databaseTableName) { table in
                table.add(column: "amqp_since", .integer)
            }
        }
        return migrator
    }
}
