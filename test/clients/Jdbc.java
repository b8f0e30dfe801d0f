import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Types;
import java.util.Properties;

import org.postgresql.util.PGobject;

/**
 * Read the report through JDBC.
 *
 * <p>Jdbc URL DEFINITION DEFINITION, with the password in PGPASSWORD
 *
 * <p>See test/perl/FunnelClient.pm for what is printed.
 */
public class Jdbc {
	private static final int ROUNDS = 12;

	private static final String REPORT =
		"SELECT * FROM funnel_report(("
		+ "SELECT funnel_agg(user_id, ts, event, ?::funnel_def) FROM events))";
	private static final String REPORT_UNCAST =
		"SELECT * FROM funnel_report(("
		+ "SELECT funnel_agg(user_id, ts, event, ?) FROM events))";

	private static final PrintStream out =
		new PrintStream(System.out, false, StandardCharsets.UTF_8);

	/** How a definition becomes the parameter of a statement. */
	private interface Parameter {
		void set(PreparedStatement statement, String definition) throws SQLException;
	}

	private static final Parameter AS_STRING =
		(statement, definition) -> statement.setString(1, definition);
	private static final Parameter AS_OTHER =
		(statement, definition) -> statement.setObject(1, definition, Types.OTHER);
	private static final Parameter AS_FUNNEL_DEF = (statement, definition) -> {
		PGobject object = new PGobject();
		object.setType("funnel_def");
		object.setValue(definition);
		statement.setObject(1, object);
	};

	public static void main(String[] args) throws SQLException {
		String[] definitions = {args[1], args[2]};
		Properties properties = new Properties();
		properties.setProperty("password", System.getenv("PGPASSWORD"));

		try (Connection connection = DriverManager.getConnection(args[0], properties)) {
			for (int round = 1; round <= ROUNDS; round++) {
				try (PreparedStatement statement = connection.prepareStatement(REPORT)) {
					AS_STRING.set(statement, definitions[1 - round % 2]);
					printRows("direct", round, statement.executeQuery());
				}
			}

			try (PreparedStatement statement = connection.prepareStatement(REPORT);
				PreparedStatement uncast = connection.prepareStatement(REPORT_UNCAST);
				PreparedStatement typed = connection.prepareStatement(REPORT_UNCAST)) {
				printTypes(statement.getMetaData());
				ask("prepared", statement, AS_STRING, definitions);
				ask("prepared without a cast", uncast, AS_OTHER, definitions);
				ask("prepared with PGobject", typed, AS_FUNNEL_DEF, definitions);

				/* A wrong definition is the caller's to show; the statement lives on. */
				printError("error", statement, AS_STRING, "visit -> ");
				ask("after an error", statement, AS_STRING, definitions);

				/* A varchar becomes a definition by itself. */
				ask("text without a cast", uncast, AS_STRING, definitions);
				printPlans("plans", connection);
			}
		}

		/* For those who cannot write the cast: strings without a type. */
		properties.setProperty("stringtype", "unspecified");
		try (Connection connection = DriverManager.getConnection(args[0], properties);
			PreparedStatement statement = connection.prepareStatement(REPORT_UNCAST)) {
			ask("strings without a type", statement, AS_STRING, definitions);
			printPlans("plans without a type", connection);
		}
		out.flush();
	}

	/** Ask in ROUNDS rounds by one statement. */
	private static void ask(String way, PreparedStatement statement, Parameter parameter,
			String[] definitions) throws SQLException {
		for (int round = 1; round <= ROUNDS; round++) {
			parameter.set(statement, definitions[1 - round % 2]);
			printRows(way, round, statement.executeQuery());
		}
	}

	/** The columns, and the classes of their objects. */
	private static void printTypes(ResultSetMetaData columns) throws SQLException {
		out.print("types\t0");
		for (int column = 1; column <= columns.getColumnCount(); column++) {
			out.print("\t" + columns.getColumnName(column) + ":" + columns.getColumnClassName(column));
		}
		out.println();
	}

	private static void printRows(String way, int round, ResultSet rows) throws SQLException {
		ResultSetMetaData columns = rows.getMetaData();

		while (rows.next()) {
			out.print(way + "\t" + round);
			for (int column = 1; column <= columns.getColumnCount(); column++) {
				Object cell = rows.getObject(column);

				if (cell == null) {
					out.print("\t\\N");
				} else if (cell.getClass().getName().equals(columns.getColumnClassName(column))) {
					out.print("\t" + cell);
				} else {
					out.print("\tan object of " + cell.getClass());
				}
			}
			out.println();
		}
		rows.close();
	}

	private static void printError(String way, PreparedStatement statement, Parameter parameter,
			String definition) throws SQLException {
		parameter.set(statement, definition);
		try {
			statement.executeQuery().close();
			out.println(way + "\t0\tnone");
		} catch (SQLException e) {
			out.println(way + "\t0\t" + e.getSQLState() + "\t" + e.getMessage().replaceAll("\\s+", " "));
		}
	}

	/** How many prepared statements the server has, and how many a generic plan served. */
	private static void printPlans(String way, Connection connection) throws SQLException {
		try (PreparedStatement statement = connection.prepareStatement(
				"SELECT count(*), count(*) FILTER (WHERE generic_plans > 0)"
				+ " FROM pg_prepared_statements WHERE statement ~ 'funnel_agg'")) {
			printRows(way, 0, statement.executeQuery());
		}
	}
}
